SELECT customers.name, sum(orders.cents)
FROM orders JOIN customers ON customers.id = orders.customer
WHERE orders.ordered_on = '2026-01-01'
GROUP BY customers.id
ORDER BY customers.name;
