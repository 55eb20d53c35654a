"""A PagerDuty service as a destination: it always interrupts, and knows no state between firing and resolved."""

from __future__ import annotations

from gateway.model.rules.destination import Destination, Interrupts
from gateway.model.rules.origin import BUILT_IN, SecretName
from gateway.outbound.pagerduty.destination import PAGERDUTY, PagerDutyService, routing_keys

SERVICE = PagerDutyService(SecretName("KEY"), "PXXXXXX")


def test_it_always_interrupts_and_shows_no_quiet() -> None:
    assert (SERVICE.interrupts, SERVICE.shows_quiet) == (Interrupts.ALWAYS, False)


def test_it_is_called_by_its_service_or_by_the_destinations_name() -> None:
    assert Destination("pager", BUILT_IN, SERVICE).address == "PXXXXXX"
    assert Destination("pager", BUILT_IN, PagerDutyService(SecretName("KEY"))).address == "pager"


def test_the_routing_key_is_the_place_in_its_region() -> None:
    same = PagerDutyService(SecretName("KEY"), "another name for people")
    elsewhere = PagerDutyService(SecretName("KEY"), "PXXXXXX", region="eu")
    assert SERVICE.place == same.place != elsewhere.place


def test_a_region_is_an_address_and_a_relay_that_a_variable_names_is_a_secret() -> None:
    assert PagerDutyService(SecretName("KEY"), region="eu").base_url == "https://events.eu.pagerduty.com"
    relay = PagerDutyService(SecretName("KEY"), events_url=SecretName("RELAY"))
    assert (str(relay.base_url), relay.credentials) == ("$RELAY", ("KEY", "RELAY"))


def test_a_routing_key_rotates_as_new_and_old() -> None:
    assert routing_keys("new") == ("new",)
    assert routing_keys("new, old") == ("new", "old")
    assert routing_keys("new,") == ("new",)
    assert routing_keys(",") == (",",)
    assert PAGERDUTY.parts_of_secret is routing_keys
