"""The wire: requests become inquiries, inspections become answers, errors become problems."""
