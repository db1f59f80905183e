using System.Runtime.InteropServices;
using Fairlead.Diagnostics;
using Fairlead.Registry;

namespace Fairlead.Tests.Registry;

public sealed class EndpointRegistryTests : IDisposable
{
    private readonly TemporaryDirectory _temporary = new();
    private readonly RuntimeDirectory _directory;

    public EndpointRegistryTests() => _directory = RuntimeDirectory.At(_temporary["fairlead"]);

    public void Dispose() => _temporary.Dispose();

    [Fact]
    public void Reading_without_a_directory_lists_no_endpoint_and_creates_none()
    {
        Assert.Empty(EndpointRegistry.Read(_directory).Endpoints);
        Assert.False(Path.Exists(_directory.Path));
    }

    [Fact]
    public void A_directory_that_others_can_write_is_not_trusted()
    {
        Directory.CreateDirectory(_directory.Path);
        File.SetUnixFileMode(_directory.Path, (UnixFileMode)0x1ff);

        Assert.Equal(ErrorCode.PermissionDenied, Assert.Throws<FairleadException>(() => EndpointRegistry.Read(_directory)).Code);
    }

    [Fact]
    public async Task The_entry_of_another_process_is_readable_without_its_help_and_disappears_when_it_dies()
    {
        await using var peer = PeerProcess.Start("participant", _directory.Path, "unix://orders");
        await peer.ReadLineAsync();

        var info = Assert.Single(EndpointRegistry.Read(_directory).Endpoints);
        Assert.Equal(
            (peer.Id, "receiver", "unix://orders", 1, 100),
            (info.ProcessId, info.Kind, info.Address, info.MessagesReceived, info.BytesReceived));
        Assert.Contains("participant", info.Program, StringComparison.Ordinal);
        Assert.Equal(peer.Id, EndpointRegistry.FindHolder("unix://orders?wait=1s", _directory)?.ProcessId);

        await peer.KillAsync();

        // Several read at once: while one removes the entry, no other may take it for alive.
        var seen = new EndpointListing[8];
        InParallel.Run(seen.Length, i => seen[i] = EndpointRegistry.Read(_directory));
        Assert.All(seen, listing => Assert.Empty(listing.Endpoints));
        Assert.All(seen, listing => Assert.Empty(listing.Skipped));
        Assert.Empty(Directory.GetFiles(_temporary["fairlead/endpoints"]));
        Assert.Empty(Directory.GetFiles(_temporary["fairlead/participants"]));
    }

    [Fact]
    public async Task A_process_that_ends_in_order_leaves_no_entry()
    {
        await using var peer = PeerProcess.Start("participant", _directory.Path, "unix://orders");
        await peer.ReadLineAsync();

        Assert.Equal(0, await peer.FinishAsync());

        Assert.Empty(Directory.GetFiles(_temporary["fairlead/endpoints"]));
        Assert.Empty(EndpointRegistry.Read(_directory).Endpoints);
    }

    [Fact]
    public void A_holder_is_found_by_name_and_by_path()
    {
        using var byName = EndpointEntry.Create(PatternKind.Responder, bound: true, "unix://calc?framing=line", directory: _directory);
        using var connected = EndpointEntry.Create(PatternKind.Requester, bound: false, "unix://other", directory: _directory);

        Assert.NotNull(EndpointRegistry.FindHolder("unix://calc", _directory));
        Assert.NotNull(EndpointRegistry.FindHolder($"unix://{_directory.Path}/unix/calc", _directory));
        Assert.Null(EndpointRegistry.FindHolder("unixpacket://calc", _directory));
        Assert.Null(EndpointRegistry.FindHolder("unix://other", _directory));
    }

    [Fact]
    public void The_holder_is_decided_by_the_socket_file_if_it_is_known()
    {
        using var entry = EndpointEntry.Create(PatternKind.Responder, bound: true, "unix:///tmp/calc", new FileIdentity(1, 2), _directory);

        Assert.NotNull(EndpointRegistry.FindSocketHolder(new FileIdentity(1, 2), "unix:///other/name", _directory));
        Assert.Null(EndpointRegistry.FindSocketHolder(new FileIdentity(1, 3), "unix:///tmp/calc", _directory));
    }

    [Fact]
    public void Endpoints_are_sorted_by_address_with_bound_endpoints_first()
    {
        using var third = EndpointEntry.Create(PatternKind.Sender, bound: true, "unix://b", directory: _directory);
        using var second = EndpointEntry.Create(PatternKind.Sender, bound: false, "unix://a", directory: _directory);
        using var first = EndpointEntry.Create(PatternKind.Receiver, bound: true, "unix://a", directory: _directory);

        Assert.Equal(
            ["receiver unix://a", "sender unix://a", "sender unix://b"],
            EndpointRegistry.Read(_directory).Endpoints.Select(info => $"{info.Kind} {info.Address}"));
    }

    [Fact]
    public void A_file_that_is_not_an_entry_is_skipped_with_the_reason_and_left_alone()
    {
        using var entry = EndpointEntry.Create(PatternKind.Receiver, bound: true, "unix://sound", directory: _directory);
        var id = Participant.Current(_directory).Id;
        var endpoints = _temporary["fairlead/endpoints"];
        var sound = File.ReadAllBytes(Directory.GetFiles(endpoints).Single());
        File.WriteAllText($"{endpoints}/notes.txt", "mine");
        File.WriteAllText($"{endpoints}/{id}-x", "mine");
        Directory.CreateDirectory($"{endpoints}/{id}-1001");
        File.CreateSymbolicLink($"{endpoints}/{id}-1002", "/etc/passwd");
        File.WriteAllBytes($"{endpoints}/{id}-1003", sound[..4095]);
        File.WriteAllBytes($"{endpoints}/{id}-1004", [.. sound, 0]);
        File.WriteAllBytes($"{endpoints}/{id}-1005", []);
        File.WriteAllBytes($"{endpoints}/{id}-1006", Changed(sound, EndpointLayout.Ready, 0));
        File.WriteAllBytes($"{endpoints}/{id}-1007", Changed(sound, EndpointLayout.LayoutVersion, 2));
        Assert.Equal(0, MakeFifo($"{endpoints}/{id}-1008"));

        var listing = EndpointRegistry.Read(_directory);

        // 1005 and 1006 are being created, which is not an error.
        Assert.Equal("unix://sound", Assert.Single(listing.Endpoints).Address);
        Assert.Equal(
            [$"{id}-1001", $"{id}-1002", $"{id}-1003", $"{id}-1004", $"{id}-1007", $"{id}-1008", $"{id}-x", "notes.txt"],
            listing.Skipped.Select(skipped => Path.GetFileName(skipped.Path)).Order(StringComparer.Ordinal));
        Assert.Equal(
            ErrorCode.Incompatible, listing.Skipped.Single(skipped => skipped.Path.EndsWith("1007", StringComparison.Ordinal)).Code);
        Assert.Equal(7, listing.Skipped.Count(skipped => skipped.Code == ErrorCode.Corrupt));
        Assert.Equal(11, Directory.GetFileSystemEntries(endpoints).Length);
    }

    [Theory]
    [InlineData(0, 'X', "FLDENDPT")]
    [InlineData(EndpointLayout.SizeField, 1, "size")]
    [InlineData(EndpointLayout.Ready, 2, "ready")]
    [InlineData(EndpointLayout.ProcessId + 3, 0x80, "process id")]
    [InlineData(EndpointLayout.Started + 7, 0x7f, "time")]
    [InlineData(EndpointLayout.Kind, 77, "kind")]
    [InlineData(EndpointLayout.Bound, 2, "kind")]
    [InlineData(EndpointLayout.AddressLength + 1, 0xff, "not valid text")]
    [InlineData(EndpointLayout.Address, 0xff, "not valid text")]
    [InlineData(EndpointLayout.ProgramLength + 1, 0xff, "not valid text")]
    [InlineData(EndpointLayout.Clients + 7, 0xff, "counter")]
    public void Each_field_is_checked(int offset, int value, string reason)
    {
        var page = SoundPage();
        page[BitConverter.IsLittleEndian ? offset : BigEndian(offset)] = (byte)value;

        Assert.Null(EndpointEntryReader.Parse("here", page, out var skipped));
        Assert.Contains(reason, skipped?.Reason, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(EndpointLayout.MessagesSent, EndpointLayout.MessagesShared)]
    [InlineData(EndpointLayout.BytesSent, EndpointLayout.BytesShared)]
    public void Counters_whose_sum_is_too_large_are_refused(int offset, int other)
    {
        byte[] page = SoundPage();
        MemoryMarshal.Write(page.AsSpan(offset), long.MaxValue);
        Assert.Equal(long.MaxValue, Sum(EndpointEntryReader.Parse("here", page, out _)!));

        MemoryMarshal.Write(page.AsSpan(other), 1L);
        Assert.Null(EndpointEntryReader.Parse("here", page, out var skipped));
        Assert.Contains("counter", skipped?.Reason, StringComparison.Ordinal);

        static long Sum(EndpointInfo info) => info.MessagesSent + info.BytesSent;
    }

    [Fact]
    public void Random_damage_is_never_worse_than_a_skipped_entry()
    {
        var seed = Random.Shared.Next();
        var random = new Random(seed);
        var sound = SoundPage();
        for (var round = 0; round < 20_000; round++)
        {
            var page = sound.AsSpan().ToArray();
            for (var damage = random.Next(1, 6); damage > 0; damage--)
            {
                page[random.Next(4) == 0 ? random.Next(page.Length) : random.Next(64)] = (byte)random.Next(256);
            }

            var info = EndpointEntryReader.Parse(
                "here", page.AsSpan(0, random.Next(10) == 0 ? random.Next(page.Length) : page.Length), out _);
            Assert.True(
                info is null || !info.Address.Any(char.IsControl) && !info.Program.Any(char.IsControl) && info.ProcessId > 0,
                $"seed {seed}, round {round}");
        }
    }

    [Fact]
    public void Texts_cannot_steer_the_terminal()
    {
        var page = SoundPage();
        "unix://a\u001b[2J\u202e"u8.CopyTo(page.AsSpan(EndpointLayout.Address));
        BitConverter.TryWriteBytes(page.AsSpan(EndpointLayout.AddressLength), (ushort)"unix://a\u001b[2J\u202e"u8.Length);

        Assert.Equal("unix://a [2J ", EndpointEntryReader.Parse("here", page, out _)?.Address);
    }

    [Fact]
    public async Task A_file_that_is_truncated_while_it_is_read_does_no_harm()
    {
        using var own = EndpointEntry.Create(PatternKind.Receiver, bound: true, "unix://own", directory: _directory);
        var path = $"{_temporary["fairlead/endpoints"]}/{Participant.Current(_directory).Id}-1000";
        var page = SoundPage();
        using var done = new CancellationTokenSource();
        var cutting = Task.Run(() =>
        {
            while (!done.IsCancellationRequested)
            {
                File.WriteAllBytes(path, page);
                using var file = File.OpenWrite(path);
                file.SetLength(100);
            }
        });

        for (var round = 0; round < 2_000; round++)
        {
            var listing = EndpointRegistry.Read(_directory);
            Assert.Contains(listing.Endpoints, info => info.Address == "unix://own");
        }

        await done.CancelAsync();
        await cutting;
    }

    private static byte[] SoundPage()
    {
        using var temporary = new TemporaryDirectory();
        var directory = RuntimeDirectory.At(temporary["fairlead"]);
        using var entry = EndpointEntry.Create(PatternKind.Receiver, bound: true, "unix://sound", directory: directory);
        return File.ReadAllBytes(Directory.GetFiles(temporary["fairlead/endpoints"]).Single());
    }

    private static byte[] Changed(byte[] page, int offset, uint value)
    {
        var changed = page.AsSpan().ToArray();
        MemoryMarshal.Write(changed.AsSpan(offset), value);
        return changed;
    }

    // The byte of the same weight in a field of the same size, for the offsets in the theory above.
    private static int BigEndian(int offset) => offset switch
    {
        EndpointLayout.SizeField or EndpointLayout.Ready => offset + 3,
        EndpointLayout.ProcessId + 3 => EndpointLayout.ProcessId,
        EndpointLayout.Started + 7 => EndpointLayout.Started,
        EndpointLayout.Clients + 7 => EndpointLayout.Clients,
        EndpointLayout.AddressLength + 1 => EndpointLayout.AddressLength,
        EndpointLayout.ProgramLength + 1 => EndpointLayout.ProgramLength,
        _ => offset,
    };

    private static int MakeFifo(string path)
    {
        using var mkfifo = System.Diagnostics.Process.Start("mkfifo", [path]);
        mkfifo.WaitForExit();
        return mkfifo.ExitCode;
    }
}
