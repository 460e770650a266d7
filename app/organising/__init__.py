"""The organiser's desk: drafts, figures, exports, news of one's own petitions."""
