"""Mail: render, send by SMTP, judge the server's answers."""
