#!/usr/bin/env python3
"""Writes html-entities-table.h: the named character references of the HTML standard, sorted by
byte value for a binary search. Run it by hand where the standard changes:

    python3 src/models/html-entities.py > src/models/html-entities-table.h
"""
from html.entities import html5


def c_string(text):
    return "".join(
        chr(b) if 32 <= b < 127 and chr(b) not in '"\\?' else "\\%03o" % b for b in text.encode()
    )


print("/* Named character references of the HTML standard (WHATWG, section 13.5), made by html-entities.py.")
print(" * Names without a semicolon are those that old pages may leave it off. */")
for name, text in sorted(html5.items(), key=lambda item: item[0].encode()):
    print('{ "%s", "%s" },' % (name, c_string(text)))
