"""Readers of published files of questions about photos, one file each layout."""

from .nlvr2 import read_nlvr2
from .refcoco import read_refcoco
from .result import Read
from .snli_ve import read_snli_ve
from .vcr import VcrRead, read_vcr
from .vqa_v2 import read_vqa_v2

__all__ = ["Read", "VcrRead", "read_nlvr2", "read_refcoco", "read_snli_ve", "read_vcr", "read_vqa_v2"]
