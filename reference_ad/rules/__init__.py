"""Every primitive once, in tables that read like tables of derivatives."""
