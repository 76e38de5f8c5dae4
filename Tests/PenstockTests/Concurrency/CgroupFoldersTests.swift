//
// This source file is part of the Penstock open source project
//
// Copyright (c) the Penstock project authors
// Licensed under Apache License v2.0
//
// SPDX-License-Identifier: Apache-2.0
//

import Testing

@testable import Penstock

@Suite struct CgroupFoldersTests {
    /// The two files of a process, as machines have them, and what is to be found there.
    struct Sample: CustomTestStringConvertible {
        let testDescription: String
        let groups: String
        let mounts: String
        var version = CgroupFolders.Version.v2
        /// Nil: no limit can be found.
        let folders: [String]?
    }

    private static let unified = """
        24 30 0:22 / /proc rw,nosuid,nodev,noexec,relatime shared:12 - proc proc rw
        30 1 253:1 / / rw,relatime shared:1 - ext4 /dev/vda1 rw
        35 24 0:30 / /sys/fs/cgroup rw,nosuid,nodev,noexec,relatime shared:9 - cgroup2 cgroup2 rw,nsdelegate
        """
    private static let old = """
        30 1 253:1 / / rw,relatime - ext4 /dev/vda1 rw
        31 23 0:28 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755
        33 31 0:30 / /sys/fs/cgroup/cpuset rw,relatime - cgroup cgroup rw,cpuset
        34 31 0:31 / /sys/fs/cgroup/cpu,cpuacct rw,relatime shared:15 - cgroup cgroup rw,cpu,cpuacct
        41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw
        """
    private static let container = """
        850 849 0:30 /docker/4f3c /sys/fs/cgroup/cpuset ro,nosuid master:11 - cgroup cgroup rw,cpuset
        851 849 0:31 /docker/4f3c /sys/fs/cgroup/cpu,cpuacct ro,nosuid master:15 - cgroup cgroup rw,cpu,cpuacct
        """

    private static let samples = [
        Sample(
            testDescription: "version 2, a session of a user",
            groups: "0::/user.slice/user-1000.slice\n",
            mounts: unified,
            folders: [
                "/sys/fs/cgroup", "/sys/fs/cgroup/user.slice", "/sys/fs/cgroup/user.slice/user-1000.slice",
            ]
        ),
        Sample(
            testDescription: "version 2, a container with a namespace of its own",
            groups: "0::/\n",
            mounts: "610 600 0:30 / /sys/fs/cgroup ro,relatime - cgroup2 cgroup rw\n",
            folders: ["/sys/fs/cgroup"]
        ),
        Sample(
            testDescription: "version 2, a container in the host's namespace",
            groups: "0::/system.slice/docker-4f3c.scope/worker\n",
            mounts: "610 600 0:30 /system.slice/docker-4f3c.scope /sys/fs/cgroup ro - cgroup2 cgroup rw\n",
            folders: ["/sys/fs/cgroup", "/sys/fs/cgroup/worker"]
        ),
        Sample(
            testDescription: "version 2, a process that has left its namespace's group",
            groups: "0::/../other\n",
            mounts: unified,
            folders: ["/sys/fs/cgroup"]
        ),
        Sample(
            testDescription: "version 2, a mount from above the namespace",
            groups: "0::/\n",
            mounts: "610 600 0:30 /../.. /sys/fs/cgroup ro - cgroup2 cgroup rw\n",
            folders: ["/sys/fs/cgroup"]
        ),
        Sample(
            testDescription: "version 1, several levels",
            groups: "4:memory:/\n3:cpu,cpuacct:/batch/night\n2:cpuset:/elsewhere\n0::/init.scope\n",
            mounts: old,
            version: .v1,
            folders: [
                "/sys/fs/cgroup/cpu,cpuacct", "/sys/fs/cgroup/cpu,cpuacct/batch",
                "/sys/fs/cgroup/cpu,cpuacct/batch/night",
            ]
        ),
        Sample(
            testDescription: "version 1, a container whose root is its own group",
            groups: "3:cpuacct,cpu:/docker/4f3c\n",
            mounts: container,
            version: .v1,
            folders: ["/sys/fs/cgroup/cpu,cpuacct"]
        ),
        Sample(
            testDescription: "version 1, a group inside a container",
            groups: "3:cpu,cpuacct:/docker/4f3c/a/b\n",
            mounts: container,
            version: .v1,
            folders: [
                "/sys/fs/cgroup/cpu,cpuacct", "/sys/fs/cgroup/cpu,cpuacct/a", "/sys/fs/cgroup/cpu,cpuacct/a/b",
            ]
        ),
        Sample(
            testDescription: "version 1, the mount of another container",
            groups: "3:cpu,cpuacct:/docker/4f3cd\n",
            mounts: container,
            version: .v1,
            folders: ["/sys/fs/cgroup/cpu,cpuacct"]
        ),
        Sample(
            testDescription: "both, processor time in version 2",
            groups: "1:name=systemd:/x\n2:cpuacct:/x\n0::/x:y\n",
            mounts: old,
            folders: ["/sys/fs/cgroup/unified", "/sys/fs/cgroup/unified/x:y"]
        ),
        Sample(
            testDescription: "a mount whose path has a space and a backslash, and no optional fields",
            groups: "0::/a b",
            mounts: #"35 24 0:30 / /my\040groups\134 rw - cgroup2 none rw"#,
            folders: [#"/my groups\"#, #"/my groups\/a b"#]
        ),
        Sample(
            testDescription: "a mount whose root is the group, after one of another group",
            groups: "0::/right",
            mounts: "1 2 0:30 /wrong /a rw - cgroup2 none rw\n3 2 0:30 /right /b rw - cgroup2 none rw",
            folders: ["/b"]
        ),
        Sample(testDescription: "no groups", groups: "", mounts: unified, folders: nil),
        Sample(testDescription: "other groups only", groups: "1:name=systemd:/\n", mounts: unified, folders: nil),
        Sample(testDescription: "no mounts", groups: "0::/\n", mounts: "", folders: nil),
        Sample(testDescription: "mounts of version 1 only", groups: "0::/\n", mounts: container, folders: nil),
        Sample(
            testDescription: "nonsense",
            groups: "\n::\n0:\nx:y:z\ncpu\n",
            mounts: "- - - -\n1 2 3 4 5 6 -\n\\ - cgroup2",
            folders: nil
        ),
        Sample(
            testDescription: "a line that ends too early",
            groups: "0::/\n",
            mounts: "35 24 0:30 / /sys/fs/cgroup rw - cgroup2 cgroup2",
            folders: nil
        ),
    ]

    @Test(arguments: samples)
    func `the folders of a process are found`(sample: Sample) {
        let found = CgroupFolders(groups: sample.groups, mounts: sample.mounts)
        #expect(found?.folders == sample.folders)
        if let found { #expect(found.version == sample.version) }
    }

    @Test func `of nested limits of version 2 the least holds`() throws {
        let found = try #require(CgroupFolders(groups: "0::/a/b\n", mounts: Self.unified))
        let root = "/sys/fs/cgroup"
        // The first group of all has no such file.
        #expect(
            found.share { [root + "/a/cpu.max": "250000 100000\n", root + "/a/b/cpu.max": "max 100000\n"][$0] } == 3
        )
        #expect(
            found.share { [root + "/a/cpu.max": "max 100000\n", root + "/a/b/cpu.max": "50000 100000\n"][$0] } == 1
        )
        #expect(found.share { [root + "/a/cpu.max": "200000 50000\n", root + "/a/b/cpu.max": "2 1\n"][$0] } == 2)
        #expect(found.share { [root + "/a/cpu.max": "max 100000\n", root + "/a/b/cpu.max": "rubbish"][$0] } == nil)
        #expect(found.share { _ in nil } == nil)
    }

    @Test func `of nested limits of version 1 the least holds`() throws {
        let found = try #require(CgroupFolders(groups: "3:cpu,cpuacct:/a\n", mounts: Self.old))
        let root = "/sys/fs/cgroup/cpu,cpuacct"
        var files = [root + "/cpu.cfs_quota_us": "-1\n", root + "/cpu.cfs_period_us": "100000\n"]
        #expect(found.share { files[$0] } == nil)
        files[root + "/a/cpu.cfs_quota_us"] = "150000\n"
        #expect(found.share { files[$0] } == nil)
        files[root + "/a/cpu.cfs_period_us"] = "100000\n"
        #expect(found.share { files[$0] } == 2)
        files[root + "/cpu.cfs_quota_us"] = "50000\n"
        #expect(found.share { files[$0] } == 1)
    }

    private static let quotas: [(String, Int?)] = [
        ("max 100000\n", nil), ("50000 100000", 1), ("100000 100000", 1), ("100001 100000", 2), ("250000 100000\n", 3),
        ("0 100000", 1), ("-1\n 100000\n", nil), ("50000\n 100000\n", 1), ("", nil), ("1", nil), ("a b", nil),
        ("5 0", nil), ("1 2 3", nil), ("9223372036854775808 1", nil),
        ("9223372036854775807 100000", 92_233_720_368_548),
    ]

    @Test(arguments: quotas)
    func `the share of processors is the quota, rounded up`(text: String, share: Int?) {
        #expect(CgroupFolders.share(text) == share)
    }

    @Test func `there is a processor`() { #expect(ProcessorCount.available() >= 1) }
}
