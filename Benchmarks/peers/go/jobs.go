//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

package main

import "unsafe"

// Job is what producers send: 16 bytes.
type Job struct {
	due    int64 // when it was to be sent, in ns since the start; 0: its latency is not recorded
	number int
}

// Result is what comes of a job. For json: the status, and the service it was for.
type Result struct {
	due     int64
	value   int
	service string
}

// The events of the json jobs; as many as a power of two.
var lines [][]byte

// processor gives the work of each job; nil for a workload that does not exist.
func processor(workload string) func(Job) Result {
	switch workload {
	case "noop":
		return func(j Job) Result { return Result{due: j.due, value: j.number} }
	case "spin1us":
		return func(j Job) Result { return Result{due: j.due, value: spin(j.number)} }
	case "json":
		return func(j Job) Result {
			service, status := scan(lines[j.number&(len(lines)-1)])
			// The bytes stay where they are and are not written again, so that the string may share them.
			return Result{due: j.due, value: status, service: *(*string)(unsafe.Pointer(&service))}
		}
	}
	return nil
}

// spin takes about a microsecond: each step needs the one before, in every language alike.
func spin(number int) int {
	x := uint64(number) + 1
	for round := 0; round < 720; round++ {
		x ^= x >> 33
		x *= 0xff51afd7ed558ccd
	}
	return int(x)
}

// scan finds "service" and "status" in a flat JSON object, byte by byte, as the peers in other languages do.
func scan(line []byte) (service []byte, status int) {
	at := 1
	for at < len(line) && line[at] != '}' {
		if line[at] != '"' {
			at++
			continue
		}
		keyEnd := stringEnd(line, at+1)
		key := line[at+1 : keyEnd]
		at = keyEnd + 1
		for line[at] != ':' {
			at++
		}
		at++
		if line[at] == '"' {
			end := stringEnd(line, at+1)
			if string(key) == "service" {
				service = line[at+1 : end]
			}
			at = end + 1
			continue
		}
		isStatus := string(key) == "status"
		for ; at < len(line) && line[at] != ',' && line[at] != '}'; at++ {
			if isStatus {
				status = status*10 + int(line[at]-'0')
			}
		}
	}
	return service, status
}

// stringEnd gives the place of the quote that ends the string whose first byte is at `at`.
func stringEnd(line []byte, at int) int {
	for line[at] != '"' {
		if line[at] == '\\' {
			at++
		}
		at++
	}
	return at
}
