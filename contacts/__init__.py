"""What both ends of the belt agree on.

Producers write down what is owed to a contact, workers settle it; this package holds the words
they share and knows neither of them:

* ``fields``, ``policy``, ``contact``: what a contact is, and who decides over each of its fields
* ``names``, ``templates``: what people write in rollbook.toml
* ``rules``, ``conditions``, ``facts``: what is done when something happens to a contact
* ``merge``, ``ruling``: what each side still owes the other, and whose value counts
* ``jobs``, ``errors``, ``belt``: what travels, what may go wrong, and the names of the queues
* ``channel``: how the belt speaks to Redis
* ``events``, ``echoes``, ``public_keys``: what a webhook says, whether it is news, who signed it
* ``settings``: one frozen object, read at the front doors only
* ``store``: the database; the only place that knows SQLAlchemy
"""
