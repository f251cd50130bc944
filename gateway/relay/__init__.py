"""Released instruction → proven outcome: plan, archive, send, enquire, resolve."""
