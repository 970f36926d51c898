"""Words of the wire by the codes that are stored for them."""

from schemas import wire

DUTIES = tuple(duty.value for duty in wire.DUTY_CODE)
SOURCES = tuple(source.value for source in wire.SOURCE_CODE)
