"""The bank-enterprise direct-connect gateway (银企直联).

An ERP's instruction goes in, the bank's own message goes out, the proven
outcome comes back. The folders of this package say what the gateway does.
"""

__version__ = "0.1.0"
