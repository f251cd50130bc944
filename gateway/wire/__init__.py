"""Bytes in, values out: safe XML in three profiles, character sets, schema locator.

Rule kept here: nothing that comes from outside is parsed anywhere else, and no error
raised here repeats a value that was read.
"""
