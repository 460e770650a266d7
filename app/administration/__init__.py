"""Administration: what an administrator watches over. Retention, requests, journal, papers."""
