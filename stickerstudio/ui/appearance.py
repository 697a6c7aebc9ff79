"""Theme and language of the whole program, as settings and desktop want them, changed live."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QLibraryInfo, QLocale, QObject, QTranslator
from PySide6.QtWidgets import QApplication

from stickerstudio.core.i18n import set_language, system_language
from stickerstudio.session.session import Session
from stickerstudio.ui import style


class Appearance(QObject):
    """Keeps `app` in the theme and language of session.settings."""

    def __init__(self, app: QApplication, session: Session) -> None:
        super().__init__(app)
        self._app = app
        self._session = session
        self._translator: QTranslator | None = None
        self._language = ""
        self._theme: tuple[style.ThemeChoice, bool] | None = None
        self._speak()
        self._dress()
        session.settings_changed.connect(self._speak)
        session.settings_changed.connect(self._dress)
        app.styleHints().colorSchemeChanged.connect(self._dress)

    def _dress(self) -> None:
        choice = self._session.settings.dark
        wanted = (choice, style.is_dark(choice))
        if wanted != self._theme:
            self._theme = wanted
            style.apply_theme(self._app, choice)

    def _speak(self) -> None:
        language = self._session.settings.language or system_language()
        if language == self._language:
            return
        self._language = language
        style.choose_font(self._app, language)
        set_language(language, self._session.paths.locales)
        if self._translator is not None:
            self._app.removeTranslator(self._translator)
            self._translator = None
        translator = QTranslator(self)  # Qt's own words: "Cancel", "Copy", file dialogs
        folder = QLibraryInfo.path(QLibraryInfo.LibraryPath.TranslationsPath)
        if translator.load(QLocale(language), "qtbase", "_", folder):
            self._app.installTranslator(translator)
            self._translator = translator
        # Every widget hears of it and words itself anew; where a translator came or went, twice.
        QApplication.sendEvent(self._app, QEvent(QEvent.Type.LanguageChange))
