"""What every simulated system shares: contract, HTTP, transactions, events. It knows no business."""
