"""What it costs to send a parcel. Money is whole cents."""

from __future__ import annotations

from dataclasses import dataclass

HEAVIEST = 31_500


@dataclass(frozen=True)
class Band:
    """Parcels up to `grams` cost `cents` within the zone."""

    grams: int
    cents: int


BANDS: dict[str, tuple[Band, ...]] = {
    "home": (Band(1_000, 419), Band(2_000, 549), Band(5_000, 699), Band(10_000, 949), Band(HEAVIEST, 1_649)),
    "near": (Band(1_000, 899), Band(2_000, 1_149), Band(5_000, 1_449), Band(10_000, 1_949), Band(HEAVIEST, 3_499)),
    "far": (Band(1_000, 1_649), Band(2_000, 2_149), Band(5_000, 3_849), Band(10_000, 5_949), Band(HEAVIEST, 9_999)),
}

INSURANCE_PER_STARTED_100 = 115


def price(zone: str, grams: int, *, insured_cents: int = 0) -> int:
    """Cents for one parcel. Raises ValueError for an unknown zone or a weight that no band holds."""
    if zone not in BANDS:
        raise ValueError(f"unknown zone {zone!r}; there are {', '.join(BANDS)}")
    if not 0 < grams <= HEAVIEST:
        raise ValueError(f"{grams} g is outside 1 to {HEAVIEST} g")
    base = next(band.cents for band in BANDS[zone] if grams <= band.grams)
    started = -(-insured_cents // 10_000)
    return base + started * INSURANCE_PER_STARTED_100


def discount(cents: int, parcels_this_month: int) -> int:
    """Cents after the volume discount: 3 % from 50 parcels, 8 % from 250."""
    percent = 8 if parcels_this_month >= 250 else 3 if parcels_this_month >= 50 else 0
    return cents - cents * percent // 100
