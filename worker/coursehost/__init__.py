"""OnlineCourseHost and nothing but: its two calls, as far as they are publicly known.

client      list the courses, enrol a student
passwords   the password of an account that has to be made
"""
