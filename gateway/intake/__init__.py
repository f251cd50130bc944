"""An ERP request becomes durable instructions: read, validate every fault at once, accept."""
