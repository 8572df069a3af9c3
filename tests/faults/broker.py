# SPDX-License-Identifier: Apache-2.0
"""Rows of the broker and of those who listen."""
