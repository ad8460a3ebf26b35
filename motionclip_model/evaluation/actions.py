"""What a clip's label means: one set of actions and styles over all collections.

Collections name the same action differently ("run" and "dash", "bye" is a wave of the right
hand), and some differences cannot be heard from so few clips. What stands in no table here is
an action of its own, in its own words.
"""

from motionclip_model.data.captions import mirrored_caption
from motionclip_model.data.corpus import Clip

ACTIONS: dict[str, tuple[str, ...]] = {
    'walk forward': ('walk',),
    'walk backward': ('walk-back', 'walk backward'),
    'walk to the left': ('walk-left',),
    'walk to the right': ('walk-right',),
    'walk and turn left': ('walk-turn-left',),
    'walk and turn right': ('walk-turn-right',),
    'run': ('run', 'dash', 'run/jog'),
    'raise the left hand': ('raise-up-left-hand', 'respond'),
    'raise the right hand': ('raise-up-right-hand',),
    'raise both hands': ('raise-up-both-hands',),
    'wave the left hand': ('wave-left-hand',),
    'wave the right hand': ('wave-right-hand', 'bye'),
    'wave both hands': ('wave-both-hands', 'byebye'),
    'bow': ('bow',),
    'kick': ('kick', 'soccer', 'front kick', 'mawashigeri', 'yokogeri', 'jump kick'),
    'punch': ('punch', 'boxing', 'oiduki'),
    'jump': ('jump', 'forward jump', 'jump up and down'),
    'dance': ('dance', 'dance-short', 'salsa dance', 'indian dance', 'lambada dance'),
    'sit down': ('sit down', 'sit', 'sit and talk', 'sit on stepstool', 'sit on high stool'),
    'sword slash': ('sword attack', 'slash', 'swordplay'),
    'stand still': ('stand still', 'idle'),
    'drink': ('drink', 'drink soda', 'unscrew bottlecap'),
    'climb': ('climb', 'playground', 'climb ladder'),
    'fall down': ('fall', 'die', 'fall on face', 'bannanapeelslip'),
    'play basketball': ('play basketball', 'basketball'),
}
"""Actions in plain words, and the labels that say them."""

STYLES: dict[str, tuple[str, ...]] = {
    'normal': ('normal',),
    'active': ('active',),
    'elderly': ('elderly', 'old'),
    'exhausted': ('exhausted', 'tired'),
    'feminine': ('feminine',),
    'masculine': ('masculine', 'masculinity'),
    'youthful': ('youthful',),
}
"""Styles in plain words, and the labels that say them."""

_ACTION_OF = {label: action for action, labels in ACTIONS.items() for label in labels}
_STYLE_OF = {label: style for style, labels in STYLES.items() for label in labels}


def plain_label(label: str) -> str:
    """Name an action in plain words: "walk-turn-left" is "walk and turn left".

    A label that no table knows is made readable and kept.
    """
    key = label.strip().lower()
    return _ACTION_OF.get(key, key.replace('-', ' ').replace('_', ' '))


def action_of(clip: Clip) -> str:
    """Name what a clip shows in plain words, "" where the corpus does not say."""
    plain = plain_label(clip.action)
    # Labels such as "bye" do not name their side, so that a mirror image keeps the label.
    unnamed = mirrored_caption(clip.action) == clip.action
    return mirrored_caption(plain) if clip.name.startswith('mirror:') and unnamed else plain


def plain_style(label: str) -> str:
    """Name a style in plain words, "" where it is none of `STYLES`."""
    return _STYLE_OF.get(label.strip().lower(), '')


def style_of(clip: Clip) -> str:
    """Name how a clip is done in plain words, "" where it is none of `STYLES`."""
    return plain_style(clip.style)
