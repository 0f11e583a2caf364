"""What tells browsers apart without a log-in: nothing of it is kept but a keyed hash."""

from ipaddress import AddressValueError, IPv6Address, IPv6Network

from service.vault import Vault

TOLD = ("user-agent", "accept-language")
HOME, LONGEST = 64, 500


def household(address: str) -> str:
    """The address of a household: of IPv6 the network, since each has billions of addresses."""
    try:
        whole = IPv6Address(address.partition("%")[0])
    except AddressValueError:
        return address
    return str(whole.ipv4_mapped or IPv6Network((whole, HOME), strict=False))


def mark(vault: Vault, address: str, *told: str) -> str:
    """What finds browsers of one household that tell the same of themselves."""
    return vault.digest("device", household(address), *(one[:LONGEST] for one in told))[:32]
