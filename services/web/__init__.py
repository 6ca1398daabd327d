"""The machines' doors: HTTP routes, and the layers that every request passes."""
