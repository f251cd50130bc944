"""The ERP API and console: translate, call one use case, render."""
