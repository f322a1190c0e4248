"""What handlers find on the application."""

from aiohttp import web

from actionsd.operate.parts import Parts

parts_key = web.AppKey("parts", Parts)
