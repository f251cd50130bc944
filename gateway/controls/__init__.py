"""Who may release what: holds, approvals, decisions by people."""
