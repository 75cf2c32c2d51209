"""`manage.py remind`: tell people by e-mail what ends in 30, 7 or 1 days. Run it once a day."""

from django.core.management.base import BaseCommand, CommandError

from accounts.reminders import remind


class Command(BaseCommand):
    help = "Tell IRB staff, creators and whom it concerns what ends soon; run it daily, nobody is told twice."

    def handle(self, **options):
        told, failed = remind()
        self.stdout.write(f"{told} {'person was' if told == 1 else 'people were'} told what ends soon.")
        if failed:
            raise CommandError(f"{failed} e-mails could not be sent; the next run tries them again.")
