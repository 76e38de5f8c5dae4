//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

#if Postgres
import PenstockEvents
import Testing

@testable import PenstockPostgres

/// What is sent to the server, as values.
struct CopyRowsTests {
    @Test func `names of tables are taken as they are, and cannot become statements`() {
        #expect(PostgresTable("events").search.parameters == ["\"events\""])
        #expect(PostgresTable("a.B").search.parameters == ["\"a\".\"B\""])
        #expect(PostgresTable("x\"; DROP TABLE y; --").search.parameters == ["\"x\"\"; DROP TABLE y; --\""])
    }

    @Test func `a target is read by libpq, and says where it is without its password`() {
        #expect(PostgresTarget("host=db port=5433 dbname=x user=u").place == "x at db:5433")
        #expect(PostgresTarget("postgres://u:secret@db/x").place == "x at db")
        #expect(PostgresTarget("postgres://u:secret@db/x").namesPassword)
        #expect(!PostgresTarget("host=db").namesPassword && PostgresTarget("host=db").problem == nil)
        #expect(PostgresTarget("hots=db").problem?.contains("hots") == true)
    }
}
#endif
