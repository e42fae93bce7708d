"""What people see.

Tables on screen and in Markdown, and the sweep of forward against reverse mode in sentences.
"""
