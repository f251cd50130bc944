-- PostgreSQL. bill_state: 0 ready, 1 taken by the gateway, 2 cancelled by the treasury system, 3 answered.
CREATE TABLE bp_pay_order (
  sys_code VARCHAR(32) NOT NULL,
  bill_no VARCHAR(64) NOT NULL,
  bill_line VARCHAR(32) DEFAULT '1' NOT NULL,
  batch_no VARCHAR(64),
  corp_code VARCHAR(140),
  pay_acc_no VARCHAR(40) NOT NULL,
  pay_acc_name VARCHAR(200),
  rcv_acc_no VARCHAR(40) NOT NULL,
  rcv_acc_name VARCHAR(200) NOT NULL,
  rcv_bank_name VARCHAR(200),
  rcv_bank_cnaps VARCHAR(12),
  rcv_city VARCHAR(60),
  urgent_flag CHAR(1) DEFAULT '0' NOT NULL,
  cur_code CHAR(3) DEFAULT 'CNY' NOT NULL,
  amt NUMERIC(18,3) NOT NULL,
  pay_use VARCHAR(140) NOT NULL,
  postscript VARCHAR(140),
  expect_date DATE,
  pay_type CHAR(1) DEFAULT '0' NOT NULL,
  payroll_use VARCHAR(12),
  recon_code VARCHAR(64),
  budget_code VARCHAR(64),
  bill_state CHAR(1) DEFAULT '0' NOT NULL,
  create_time TIMESTAMP,
  taken_time TIMESTAMP,
  PRIMARY KEY (sys_code, bill_no, bill_line)
);
CREATE INDEX bp_pay_order_waiting ON bp_pay_order (bill_state);

CREATE TABLE bp_pay_result (
  sys_code VARCHAR(32) NOT NULL,
  bill_no VARCHAR(140) NOT NULL,
  bill_line VARCHAR(32) NOT NULL,
  seq INTEGER NOT NULL,
  gw_ref VARCHAR(40) NOT NULL,
  pay_state VARCHAR(12) NOT NULL,
  send_flag CHAR(1) NOT NULL,
  bank_code VARCHAR(40),
  bank_msg VARCHAR(400),
  bank_serial VARCHAR(100),
  bank_time TIMESTAMP,
  final_flag CHAR(1) NOT NULL,
  refund_flag CHAR(1) DEFAULT '0' NOT NULL,
  recon_code VARCHAR(64),
  amt NUMERIC(18,3),
  cur_code CHAR(3),
  ack_time TIMESTAMP,
  PRIMARY KEY (sys_code, bill_no, bill_line, seq)
);

CREATE TABLE bp_acc_detail (
  uniq_no VARCHAR(200) PRIMARY KEY,
  acc_no VARCHAR(40) NOT NULL,
  acc_name VARCHAR(200),
  trans_date DATE NOT NULL,
  trans_time VARCHAR(8),
  value_date DATE,
  dc_flag CHAR(1) NOT NULL,
  amt NUMERIC(18,3) NOT NULL,
  bal NUMERIC(18,3),
  cur_code CHAR(3) NOT NULL,
  opp_acc_no VARCHAR(64),
  opp_acc_name VARCHAR(200),
  opp_bank_name VARCHAR(200),
  summary VARCHAR(500),
  bank_serial VARCHAR(100),
  bill_no VARCHAR(140),
  bill_line VARCHAR(32),
  recon_code VARCHAR(100),
  end_to_end_id VARCHAR(64),
  receipt_no VARCHAR(100),
  refund_flag CHAR(1) DEFAULT '0' NOT NULL,
  write_time TIMESTAMP NOT NULL,
  ack_time TIMESTAMP
);
CREATE INDEX bp_acc_detail_of_day ON bp_acc_detail (acc_no, trans_date);

CREATE TABLE bp_acc_balance (
  acc_no VARCHAR(40) NOT NULL,
  acc_name VARCHAR(200),
  cur_code CHAR(3) NOT NULL,
  bal_date DATE NOT NULL,
  bal NUMERIC(18,3) NOT NULL,
  avail_bal NUMERIC(18,3),
  frozen_bal NUMERIC(18,3),
  last_bal NUMERIC(18,3),
  as_of_time TIMESTAMP NOT NULL,
  PRIMARY KEY (acc_no, cur_code, bal_date)
);

CREATE TABLE bp_receipt (
  receipt_no VARCHAR(100) PRIMARY KEY,
  acc_no VARCHAR(40) NOT NULL,
  trans_date DATE NOT NULL,
  amt NUMERIC(18,3),
  cur_code CHAR(3),
  bank_serial VARCHAR(100),
  uniq_no VARCHAR(200),
  bill_no VARCHAR(140),
  bill_line VARCHAR(32),
  file_name VARCHAR(200) NOT NULL,
  file_sha256 CHAR(64),
  file_content BYTEA NOT NULL,
  ack_time TIMESTAMP
);

CREATE TABLE bp_match (
  item_no VARCHAR(128) PRIMARY KEY,
  seq INTEGER NOT NULL,
  acc_no VARCHAR(40) NOT NULL,
  bill_no VARCHAR(255),
  bill_line VARCHAR(32),
  cur_code CHAR(3) NOT NULL,
  amt NUMERIC(18,3) NOT NULL,
  matched_amt NUMERIC(18,3) NOT NULL,
  match_status VARCHAR(12) NOT NULL,
  match_no VARCHAR(64),
  match_kind VARCHAR(12),
  match_rule VARCHAR(32),
  matched_by VARCHAR(128),
  bank_lines INTEGER NOT NULL,
  bank_date DATE,
  bank_serial VARCHAR(255),
  bank_amt NUMERIC(18,3),
  written_time TIMESTAMP NOT NULL,
  ack_time TIMESTAMP
);

CREATE TABLE bp_query (
  sys_code VARCHAR(32) NOT NULL,
  query_no VARCHAR(64) NOT NULL,
  query_kind VARCHAR(12) NOT NULL,
  acc_no VARCHAR(40),
  start_date DATE,
  end_date DATE,
  bill_no VARCHAR(64),
  bill_line VARCHAR(32),
  bill_state CHAR(1) DEFAULT '0' NOT NULL,
  create_time TIMESTAMP,
  taken_time TIMESTAMP,
  PRIMARY KEY (sys_code, query_no)
);

CREATE TABLE bp_query_result (
  sys_code VARCHAR(32) NOT NULL,
  query_no VARCHAR(64) NOT NULL,
  pay_state VARCHAR(12) NOT NULL,
  ret_code VARCHAR(40),
  ret_msg VARCHAR(400),
  answer_time TIMESTAMP NOT NULL,
  PRIMARY KEY (sys_code, query_no)
);
