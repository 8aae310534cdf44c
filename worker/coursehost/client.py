"""OnlineCourseHost's API: list the courses, enrol a student. Nothing else is public.

An HTTP 200 alone is no success: its answer has a ``status``, and that must say so too. An enrolment
is safe to repeat; a 409 says that it is so already.
"""

from __future__ import annotations

from typing import Any, Final

from contacts.platforms import Platform
from worker.crm.masking import words
from worker.platforms import answers
from worker.platforms.calls import Calls, Line
from worker.platforms.connector import Can, Course, Limited, Student

URL: Final = "https://api.onlinecoursehost.com"
TOKEN: Final = "X-INTEGRATION-TOKEN"
PER_MINUTE: Final = 400

YES: Final = frozenset({"success", "succeeded", "successful", "ok", "true", "enrolled", "200"})
NO: Final = frozenset({"error", "fail", "failed", "failure", "false"})
"""What its ``status`` may say; which words it uses is not published."""

COURSES: Final = "coursehost.courses"
ENROL: Final = "coursehost.enrol"


class CourseHost(Limited):
    """OnlineCourseHost, for one job."""

    def __init__(self, platform: Platform, calls: Calls, line: Line) -> None:
        self._platform = platform
        self._calls = calls
        self._line = line

    @property
    def can(self) -> frozenset[Can]:
        return frozenset({Can.COURSES, Can.ENROL})

    def courses(self) -> list[Course]:
        found = self._calls.make(COURSES, self._line, "GET", self._url("tenant-courses"))
        if not isinstance(found, list):
            raise answers.bad_answer(COURSES, "is no list", writes=False)
        return [_course(one) for one in found]

    def enrol(self, student: Student, course: str) -> None:
        body = {"email": student.email, "courseId": course, "password": student.password}
        if student.name:
            body["name"] = student.name
        found = self._calls.make(
            ENROL, self._line, "POST", self._url("enroll-student-action-webhook"),
            body=body, fine=(409,),
        )  # fmt: skip
        if found is not None:
            _check(found, body)

    def _url(self, call: str) -> str:
        return f"{self._platform.url}/api/{self._platform.integration}-{call}"


def _course(found: Any) -> Course:
    id = found.get("id") if isinstance(found, dict) else None
    if not isinstance(id, str | int) or isinstance(id, bool) or not str(id):
        raise answers.bad_answer(COURSES, "has a course without an id", writes=False)
    return Course(str(id), str(found.get("course") or id))


def _check(found: Any, sent: dict[str, str]) -> None:
    """Believe a 200 only if its status agrees.

    Raises:
        GiveUp: it says no.
        TryAgain: it says neither; to ask again does no harm.
    """
    status = found.get("status") if isinstance(found, dict) else None
    word = "true" if status is True else "false" if status is False else str(status).casefold()
    if word in YES:
        return
    if word in NO:
        sentences = [one for one in (found.get("message"), found.get("error")) if one]
        raise answers.refused(ENROL, 200, [str(one) for one in sentences], words(sent))
    raise answers.bad_answer(ENROL, "has no status that says yes", writes=True)
