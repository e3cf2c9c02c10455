INSERT INTO customers VALUES (1, 'Ada'), (2, 'Grace');
INSERT INTO orders VALUES (1, 1, '2026-01-01', 250), (2, 2, '2026-01-01', 100), (3, 1, '2026-01-01', 50), (4, 2, '2026-01-02', 900);
