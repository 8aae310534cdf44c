"""What both ends of the belt agree on.

Producers write down what is owed to a contact, workers settle it; this package holds the words
they share and knows neither of them:

* ``fields``, ``contact``, ``merge``: what a contact is, and what each side still owes the other
* ``jobs``, ``errors``, ``belt``: what travels, what may go wrong, and the names of the queues
* ``settings``: one frozen object, read at the front doors only
* ``store``: the database; the only place that knows SQLAlchemy
"""
