"""Who somebody is: keys, passwords, second factors, sessions, single sign-on. It knows no payment.

Rule kept here: the clock, randomness and the network are arguments, and rows in the database
prove nothing by themselves. What a log-in rests on is bound to its person by a key that is not
in the database, so whoever can write there cannot become somebody else.
"""
