-- SQLite: amounts are text, because its numbers would round them. src_status: 0 ready, 1 taken, 2 cancelled, 3 answered.
CREATE TABLE gw_pay_order (
  src_system VARCHAR(32) NOT NULL,
  src_order_no VARCHAR(64) NOT NULL,
  src_line_no VARCHAR(32) DEFAULT '1' NOT NULL,
  batch_no VARCHAR(64),
  company VARCHAR(140),
  payer_acct VARCHAR(40) NOT NULL,
  payer_name VARCHAR(200),
  payee_acct VARCHAR(40) NOT NULL,
  payee_name VARCHAR(200) NOT NULL,
  payee_bank_name VARCHAR(200),
  payee_cnaps VARCHAR(12),
  payee_city VARCHAR(60),
  urgent CHAR(1) DEFAULT '0' NOT NULL,
  currency CHAR(3) DEFAULT 'CNY' NOT NULL,
  amount TEXT NOT NULL,
  purpose VARCHAR(140) NOT NULL,
  remark VARCHAR(140),
  expect_date DATE,
  pay_type CHAR(1) DEFAULT '0' NOT NULL,
  payroll_purpose VARCHAR(12),
  recon_code VARCHAR(64),
  budget_item VARCHAR(64),
  src_status CHAR(1) DEFAULT '0' NOT NULL,
  created_at TIMESTAMP,
  taken_at TIMESTAMP,
  PRIMARY KEY (src_system, src_order_no, src_line_no)
);
CREATE INDEX gw_pay_order_waiting ON gw_pay_order (src_status);

CREATE TABLE gw_pay_result (
  src_system VARCHAR(32) NOT NULL,
  src_order_no VARCHAR(140) NOT NULL,
  src_line_no VARCHAR(32) NOT NULL,
  seq INTEGER NOT NULL,
  gw_ref VARCHAR(40) NOT NULL,
  status VARCHAR(12) NOT NULL,
  bank_code VARCHAR(40),
  bank_msg VARCHAR(400),
  bank_serial VARCHAR(100),
  bank_time TIMESTAMP,
  is_final CHAR(1) NOT NULL,
  is_refund CHAR(1) DEFAULT '0' NOT NULL,
  recon_code VARCHAR(64),
  amount TEXT,
  currency CHAR(3),
  ack_at TIMESTAMP,
  PRIMARY KEY (src_system, src_order_no, src_line_no, seq)
);

CREATE TABLE gw_bank_txn (
  uniq_no VARCHAR(200) PRIMARY KEY,
  acct VARCHAR(40) NOT NULL,
  acct_name VARCHAR(200),
  txn_date DATE NOT NULL,
  txn_time VARCHAR(8),
  value_date DATE,
  dc CHAR(1) NOT NULL,
  amount TEXT NOT NULL,
  balance TEXT,
  currency CHAR(3) NOT NULL,
  opp_acct VARCHAR(64),
  opp_name VARCHAR(200),
  opp_bank VARCHAR(200),
  abstract VARCHAR(500),
  bank_serial VARCHAR(100),
  src_order_no VARCHAR(140),
  src_line_no VARCHAR(32),
  recon_code VARCHAR(100),
  end_to_end_id VARCHAR(64),
  receipt_no VARCHAR(100),
  is_refund CHAR(1) DEFAULT '0' NOT NULL,
  written_at TIMESTAMP NOT NULL,
  ack_at TIMESTAMP
);
CREATE INDEX gw_bank_txn_of_day ON gw_bank_txn (acct, txn_date);

CREATE TABLE gw_balance (
  acct VARCHAR(40) NOT NULL,
  acct_name VARCHAR(200),
  currency CHAR(3) NOT NULL,
  bal_date DATE NOT NULL,
  balance TEXT NOT NULL,
  available TEXT,
  frozen TEXT,
  prev_day TEXT,
  as_of TIMESTAMP NOT NULL,
  PRIMARY KEY (acct, currency, bal_date)
);

CREATE TABLE gw_receipt (
  receipt_no VARCHAR(100) PRIMARY KEY,
  acct VARCHAR(40) NOT NULL,
  txn_date DATE NOT NULL,
  amount TEXT,
  currency CHAR(3),
  bank_serial VARCHAR(100),
  uniq_no VARCHAR(200),
  src_order_no VARCHAR(140),
  src_line_no VARCHAR(32),
  file_name VARCHAR(200) NOT NULL,
  file_sha256 CHAR(64),
  file_content BLOB NOT NULL,
  ack_at TIMESTAMP
);

CREATE TABLE gw_match (
  item_no VARCHAR(128) PRIMARY KEY,
  seq INTEGER NOT NULL,
  acct VARCHAR(40) NOT NULL,
  src_order_no VARCHAR(255),
  src_line_no VARCHAR(32),
  currency CHAR(3) NOT NULL,
  amount TEXT NOT NULL,
  matched_amount TEXT NOT NULL,
  match_status VARCHAR(12) NOT NULL,
  match_no VARCHAR(64),
  match_kind VARCHAR(12),
  match_rule VARCHAR(32),
  matched_by VARCHAR(128),
  bank_lines INTEGER NOT NULL,
  bank_date DATE,
  bank_serial VARCHAR(255),
  bank_amount TEXT,
  written_at TIMESTAMP NOT NULL,
  ack_at TIMESTAMP
);

CREATE TABLE gw_query (
  src_system VARCHAR(32) NOT NULL,
  query_no VARCHAR(64) NOT NULL,
  kind VARCHAR(12) NOT NULL,
  acct VARCHAR(40),
  start_date DATE,
  end_date DATE,
  src_order_no VARCHAR(64),
  src_line_no VARCHAR(32),
  src_status CHAR(1) DEFAULT '0' NOT NULL,
  created_at TIMESTAMP,
  taken_at TIMESTAMP,
  PRIMARY KEY (src_system, query_no)
);

CREATE TABLE gw_query_result (
  src_system VARCHAR(32) NOT NULL,
  query_no VARCHAR(64) NOT NULL,
  status VARCHAR(12) NOT NULL,
  code VARCHAR(40),
  msg VARCHAR(400),
  answered_at TIMESTAMP NOT NULL,
  PRIMARY KEY (src_system, query_no)
);
