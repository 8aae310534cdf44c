// The CRM's own SDK for Node, as its package is, believes the stand-in. See README.md.
//
// GHL_BASE_URL   where the stand-in listens, such as http://127.0.0.1:8765
// GHL_LOCATION   one of its locations (loc_simulator, the one that it has without a config)
// GHL_CLIENT_ID, GHL_CLIENT_SECRET   of its app; those that it has without a config

import assert from 'node:assert/strict';
import sdk from '@gohighlevel/api-client';

const { HighLevel } = sdk;
const base = process.env.GHL_BASE_URL ?? 'http://127.0.0.1:8765';
const location = process.env.GHL_LOCATION ?? 'loc_simulator';
const clientId = process.env.GHL_CLIENT_ID ?? '66a0419a0dffa47fb5f8b22f-simulato';
const clientSecret = process.env.GHL_CLIENT_SECRET ?? '5b2b7a3e-0000-4000-8000-5ec4e7000000';
const email = `sdk-${Date.now()}@example.org`;

// How the SDK is told whose token to take where neither path nor body names the location.
const here = { headers: { 'x-location-id': location } };

// What a person does in the CRM: install the app, wait until a token is over.
async function person(path, body) {
  const answer = await fetch(`${base}/_simulator/oauth/${path}`, {
    method: 'POST', body: JSON.stringify(body),
  });
  assert.ok(answer.ok, `${path}: ${answer.status} ${await answer.clone().text()}`);
  return answer.json();
}

async function refreshes() {
  return (await fetch(`${base}/_simulator/oauth`)).json();
}

HighLevel.BASE_URL = base; // the one line that differs from a program for the real API
const crm = new HighLevel({ clientId, clientSecret, logLevel: 'none' });

async function connect() {
  const { code } = await person('install', { location });
  const tokens = await crm.oauth.getAccessToken({
    client_id: clientId, client_secret: clientSecret, grant_type: 'authorization_code',
    code, user_type: 'Location',
  });
  await crm.getSessionStorage().setSession(location, tokens);
}

async function contacts() {
  const made = await crm.contacts.createContact({
    locationId: location, firstName: 'Ada', lastName: 'Byron', email,
  });
  const contactId = made.contact.id;
  await crm.contacts.updateContact({ contactId }, { city: 'London' }, here);
  const found = await crm.contacts.getContact({ contactId }, here);
  assert.equal(found.contact.city, 'London');
  const again = await crm.contacts.upsertContact({ locationId: location, email });
  assert.deepEqual([again.new, again.contact.id], [false, contactId]);
  return contactId;
}

async function tags(contactId) {
  const added = await crm.contacts.addTags({ contactId }, { tags: ['Alumni', '2026'] }, here);
  assert.deepEqual(added.tags, ['alumni', '2026']);
  const left = await crm.contacts.removeTags({ contactId }, { tags: ['2026'] }, here);
  assert.deepEqual(left.tags, ['alumni']);
}

async function notes(contactId) {
  const { note } = await crm.contacts.createNote({ contactId }, { body: 'Called' }, here);
  await crm.contacts.updateNote({ contactId, id: note.id }, { body: 'Called twice' }, here);
  const all = await crm.contacts.getAllNotes({ contactId }, here);
  assert.deepEqual(all.notes.map((one) => one.body), ['Called twice']);
  await crm.contacts.deleteNote({ contactId, id: note.id }, here);
}

async function tasks(contactId) {
  const wanted = { title: 'Call', dueDate: '2026-12-01T09:00:00Z', completed: false };
  const { task } = await crm.contacts.createTask({ contactId }, wanted, here);
  const taskId = task.id;
  await crm.contacts.updateTaskCompleted({ contactId, taskId }, { completed: true }, here);
  const all = await crm.contacts.getAllTasks({ contactId }, here);
  assert.deepEqual(all.tasks.map((one) => one.completed), [true]);
  await crm.contacts.deleteTask({ contactId, taskId }, here);
}

async function search(contactId) {
  const found = await crm.contacts.searchContactsAdvanced({
    locationId: location, pageLimit: 20,
    filters: [{ field: 'email', operator: 'eq', value: email }],
  });
  assert.deepEqual(found.contacts.map((one) => one.id), [contactId]);
}

async function tokens(contactId) {
  const before = await refreshes();
  for (let n = 0; n < 2; n += 1) {
    await person('expire', { location });
    const all = await Promise.all(
      [1, 2, 3].map(() => crm.contacts.getContact({ contactId }, here)),
    );
    assert.ok(all.every((one) => one.contact.id === contactId));
  }
  const after = await refreshes();
  assert.equal(after.refreshed - before.refreshed, 2);
  assert.equal(after.repeated - before.repeated, 0);
}

async function farewell(contactId) {
  await crm.contacts.deleteContact({ contactId }, here);
  await assert.rejects(crm.contacts.getContact({ contactId }, here), { statusCode: 400 });
}

try {
  await connect();
  const contactId = await contacts();
  for (const deed of [tags, notes, tasks, search, tokens, farewell]) {
    await deed(contactId);
    console.log(`ok  ${deed.name}`);
  }
} catch (error) {
  console.error(`failed: ${error.message}`);
  if (error.response) console.error(error.response);
  process.exitCode = 1;
}
