"""What public pages are composed of, on top of all domains: lists, a petition, its signatures and comments, links."""
