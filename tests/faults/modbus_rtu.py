# SPDX-License-Identifier: Apache-2.0
"""Rows of serial lines and of RTU over TCP."""
