"""Payers: does the claim agree with the payer's own policy?"""
