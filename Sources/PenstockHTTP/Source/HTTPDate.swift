//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

#if Server
/// A time as HTTP writes it, in seconds since 1970.
enum HTTPDate {
    private static let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]
    private static let days = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"]

    /// The time as a `Date` header has it: `Sun, 06 Nov 1994 08:49:37 GMT`.
    static func text(_ seconds: Int64) -> String {
        let day = seconds >= 0 ? seconds / 86_400 : (seconds - 86_399) / 86_400
        let rest = Int(seconds - day * 86_400)
        let (year, month, date) = Self.civil(day)
        func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
        let weekday = Self.days[Int(((day % 7) + 7) % 7)]
        return "\(weekday), \(two(date)) \(Self.months[month - 1]) \(year) "
            + "\(two(rest / 3600)):\(two(rest / 60 % 60)):\(two(rest % 60)) GMT"
    }

    /// Reads a time in any of the three ways that HTTP knows; nil when the text is none.
    static func seconds(_ text: String) -> Int64? {
        let words = text.split { " ,-:".contains($0) }
        let fields: (year: Substring, month: Substring, date: Substring, time: ArraySlice<Substring>)
        if words.count == 8, words[7] == "GMT" {
            fields = (words[3], words[2], words[1], words[4..<7])
        } else if words.count == 7 {
            fields = (words[6], words[1], words[2], words[3..<6])
        } else {
            return nil
        }
        let time = fields.time.compactMap { Int64($0) }
        guard time.count == 3, let month = Self.months.firstIndex(of: String(fields.month)),
            let date = Int64(fields.date), (1...31).contains(date), var year = Int64(fields.year),
            (0..<24).contains(time[0]), (0..<60).contains(time[1]), (0...60).contains(time[2])
        else { return nil }
        // Two digits are of a way that was obsolete before 2000 had come.
        if fields.year.count == 2 { year += year < 70 ? 2000 : 1900 }
        guard (1970...9999).contains(year) else { return nil }
        let day = Self.day(year: year, month: Int64(month + 1), date: date)
        return day * 86_400 + time[0] * 3600 + time[1] * 60 + time[2]
    }

    // MARK: - Private

    /// Days since 1970 of a date, in the calendar that goes on in both directions.
    private static func day(year: Int64, month: Int64, date: Int64) -> Int64 {
        let year = month <= 2 ? year - 1 : year
        let era = (year >= 0 ? year : year - 399) / 400
        let ofEra = year - era * 400
        let ofYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + date - 1
        return era * 146_097 + ofEra * 365 + ofEra / 4 - ofEra / 100 + ofYear - 719_468
    }

    private static func civil(_ day: Int64) -> (year: Int, month: Int, date: Int) {
        let shifted = day + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let ofEra = shifted - era * 146_097
        let year = (ofEra - ofEra / 1460 + ofEra / 36_524 - ofEra / 146_096) / 365
        let ofYear = ofEra - (365 * year + year / 4 - year / 100)
        let part = (5 * ofYear + 2) / 153
        let month = part < 10 ? part + 3 : part - 9
        return (Int(year + era * 400 + (month <= 2 ? 1 : 0)), Int(month), Int(ofYear - (153 * part + 2) / 5 + 1))
    }
}
#endif
