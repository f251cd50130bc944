"""Papers for people: PDF with its Chinese font inside. Pure: records in, bytes out.

Rule kept here: the same record gives the same bytes, and no character is ever printed blank.
"""
