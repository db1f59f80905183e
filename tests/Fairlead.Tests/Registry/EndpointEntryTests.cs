using System.Runtime.InteropServices;
using System.Text;
using Fairlead.Diagnostics;
using Fairlead.Native.Processes;
using Fairlead.Registry;

namespace Fairlead.Tests.Registry;

public sealed class EndpointEntryTests : IDisposable
{
    private readonly TemporaryDirectory _temporary = new();
    private readonly RuntimeDirectory _directory;

    public EndpointEntryTests() => _directory = RuntimeDirectory.At(_temporary["fairlead"]);

    public void Dispose() => _temporary.Dispose();

    [Fact]
    public void An_entry_has_the_documented_layout()
    {
        using var entry = EndpointEntry.Create(
            PatternKind.Hub, bound: true, "unix://ä", new FileIdentity(0x1122334455667788, 0x99aabbccddeeff00), _directory);
        entry.Counters.AddSent(3, 30);
        entry.Counters.AddReceived(4, 40);
        entry.Counters.SetQueueDepth(5);
        entry.Counters.AddDropped(6);
        entry.Counters.AddMissed(7);
        entry.Counters.SetClients(8);
        entry.Counters.AddControl(9);
        var page = File.ReadAllBytes(Directory.GetFiles(_temporary["fairlead/endpoints"]).Single());

        Assert.Equal(4096, page.Length);
        Assert.Equal("FLDENDPT"u8, page.AsSpan(0, 8));
        Assert.Equal([1u, 4096u, 1u, (uint)Environment.ProcessId], MemoryMarshal.Cast<byte, uint>(page.AsSpan(8, 16)).ToArray());
        Assert.Equal((byte)PatternKind.Hub, page[32]);
        Assert.Equal(1, page[33]);
        Assert.Equal(0, BitConverter.ToUInt16(page, 34));
        Assert.Equal(0x1122334455667788u, BitConverter.ToUInt64(page, 40));
        Assert.Equal(0x99aabbccddeeff00u, BitConverter.ToUInt64(page, 48));
        Assert.Equal(9, BitConverter.ToUInt16(page, 56));
        Assert.Equal(0u, BitConverter.ToUInt32(page, 60));
        Assert.Equal([3L, 30L], MemoryMarshal.Cast<byte, long>(page.AsSpan(64, 16)).ToArray());
        Assert.Equal([4L, 40L], MemoryMarshal.Cast<byte, long>(page.AsSpan(128, 16)).ToArray());
        Assert.Equal([5L, 6L, 7L, 8L], MemoryMarshal.Cast<byte, long>(page.AsSpan(192, 32)).ToArray());
        Assert.Equal(9L, BitConverter.ToInt64(page, 232));
        Assert.Equal("unix://ä", Encoding.UTF8.GetString(page, 512, 9));
        Assert.Equal(NativeProcess.CommandLine(Environment.ProcessId)![..3], Encoding.UTF8.GetString(page, 2304, 3));
        Assert.Equal(2304 + EndpointLayout.TextSize, EndpointLayout.Size);
    }

    [Fact]
    public void A_published_entry_is_read_back()
    {
        var clock = new FixedClock(new DateTimeOffset(2031, 2, 3, 4, 5, 6, 789, TimeSpan.Zero));
        using var entry = EndpointEntry.Create(
            PatternKind.Subscriber, bound: false, "tcp://localhost:5242", directory: _directory, clock: clock, label: "a läbel");
        entry.Counters.AddReceived(1000);
        entry.Counters.AddMissed(2);
        entry.Counters.AddControl(1);

        var info = Assert.Single(EndpointRegistry.Read(_directory).Endpoints);

        Assert.True(entry.IsPublished);
        Assert.Equal("tcp://localhost:5242", info.Address);
        Assert.Equal("subscriber", info.Kind);
        Assert.Equal("a läbel", info.Label);
        Assert.False(info.IsBound);
        Assert.Equal(Environment.ProcessId, info.ProcessId);
        Assert.Equal(NativeProcess.CommandLine(Environment.ProcessId)![..20], info.Program[..20]);
        Assert.Equal(clock.GetUtcNow(), info.Since);
        Assert.Equal((1, 1000, 2, 0), (info.MessagesReceived, info.BytesReceived, info.Missed, info.MessagesSent));
        Assert.Equal(1, info.ControlMessages);
    }

    [Fact]
    public void The_program_of_a_child_that_was_still_being_started_is_found_later()
    {
        using var entry = EndpointEntry.Create(
            PatternKind.Socket, bound: false, "tcp://localhost:5242", directory: _directory, child: Environment.ProcessId);
        using (FileStream page = File.OpenWrite(Directory.GetFiles(_temporary["fairlead/endpoints"]).Single()))
        {
            page.Position = EndpointLayout.ProgramLength;
            page.Write([0, 0]);
        }

        var info = Assert.Single(EndpointRegistry.Read(_directory).Endpoints);

        Assert.Equal(NativeProcess.CommandLine(Environment.ProcessId), info.Program);
    }

    [Fact]
    public void A_closed_entry_disappears_and_its_counters_still_count()
    {
        var entry = EndpointEntry.Create(PatternKind.Sender, bound: true, "unix://a", directory: _directory);
        entry.Dispose();
        entry.Dispose();

        entry.Counters.AddSent(5);

        Assert.Equal(5, entry.Counters.BytesSent);
        Assert.Empty(EndpointRegistry.Read(_directory).Endpoints);
        Assert.Empty(Directory.GetFiles(_temporary["fairlead/endpoints"]));
    }

    [Fact]
    public void A_closed_entry_is_not_listed_even_if_its_file_remains()
    {
        var entry = EndpointEntry.Create(PatternKind.Sender, bound: true, "unix://a", new FileIdentity(1, 2), _directory);
        var path = Directory.GetFiles(_temporary["fairlead/endpoints"]).Single();
        File.Move(path, path + "0");

        entry.Dispose();

        Assert.True(File.Exists(path + "0"), "it cannot find its file, and leaves it");
        Assert.Empty(EndpointRegistry.Read(_directory).Endpoints);
        Assert.Empty(EndpointRegistry.Read(_directory).Skipped);
        Assert.Null(EndpointRegistry.FindSocketHolder(new FileIdentity(1, 2), "unix://a", _directory));
    }

    [Fact]
    public void An_entry_that_gave_its_place_back_holds_neither_address_nor_socket_file()
    {
        using var entry = EndpointEntry.Create(PatternKind.Sender, bound: true, "unix://a", new FileIdentity(1, 2), _directory);
        entry.GivePlaceBack();

        Assert.False(EndpointRegistry.Read(_directory).Endpoints.Single().IsBound);
        Assert.Null(EndpointRegistry.FindHolder("unix://a", _directory));
        Assert.Null(EndpointRegistry.FindSocketHolder(new FileIdentity(1, 2), "unix://a", _directory));
    }

    [Fact]
    public void A_closed_entry_does_not_remove_a_file_that_replaced_its_own()
    {
        var entry = EndpointEntry.Create(PatternKind.Sender, bound: true, "unix://a", directory: _directory);
        var path = Directory.GetFiles(_temporary["fairlead/endpoints"]).Single();
        File.Move(path, path + "0");
        File.WriteAllText(path, "other");

        entry.Dispose();

        Assert.Equal("other", File.ReadAllText(path));
    }

    [Fact]
    public void Many_threads_count_exactly()
    {
        const int Threads = 4;
        const int PerThread = 50_000;
        using var entry = EndpointEntry.Create(PatternKind.Pair, bound: true, "unix://a", directory: _directory);

        InParallel.Run(Threads, thread =>
        {
            for (var i = 0; i < PerThread; i++)
            {
                entry.Counters.AddSent(3);
                entry.Counters.AddReceived(2, 5);
                entry.Counters.AddDropped(1);

                // By one thread, beside those that send to single peers.
                if (thread == 0)
                {
                    entry.Counters.AddShared(readers: 3, bytes: 7);
                }
            }
        });

        var info = Assert.Single(EndpointRegistry.Read(_directory).Endpoints);
        const long All = Threads * PerThread;
        const long Shared = 3 * PerThread;
        Assert.Equal((All + Shared, (3 * All) + (7 * Shared)), (entry.Counters.MessagesSent, entry.Counters.BytesSent));
        Assert.Equal(
            (All + Shared, (3 * All) + (7 * Shared), 2 * All, 5 * All, All),
            (info.MessagesSent, info.BytesSent, info.MessagesReceived, info.BytesReceived, info.Dropped));
    }

    [Fact]
    public void Counting_allocates_nothing()
    {
        using var entry = EndpointEntry.Create(PatternKind.Pair, bound: true, "unix://a", directory: _directory);
        Assert.Equal(0, Allocations.Least(() => Count(10_000)));

        void Count(int times)
        {
            for (var i = 0; i < times; i++)
            {
                entry.Counters.AddSent(64);
                entry.Counters.AddReceived(64);
                entry.Counters.SetQueueDepth(i);
            }
        }
    }

    [Fact]
    public void An_entry_without_a_usable_folder_counts_privately()
    {
        _ = _directory.Prepare();
        File.CreateSymbolicLink(_temporary["fairlead/endpoints"], _temporary["fairlead/endpoints"]);

        using var entry = EndpointEntry.Create(PatternKind.Receiver, bound: true, "unix://a", directory: _directory);

        Assert.False(entry.IsPublished);
        Assert.Throws<FairleadException>(() => EndpointRegistry.Read(_directory));
    }

    [Fact]
    public void An_entry_without_a_usable_directory_counts_privately()
    {
        File.WriteAllText(_temporary["fairlead"], "no directory");

        using var entry = EndpointEntry.Create(PatternKind.Receiver, bound: true, "unix://a", directory: _directory);
        entry.Counters.AddReceived(7);

        Assert.False(entry.IsPublished);
        Assert.Equal(ErrorCode.PermissionDenied, entry.WhyUnpublished?.Code);
        Assert.Equal((1, 7), (entry.Counters.MessagesReceived, entry.Counters.BytesReceived));
    }

    [Fact]
    public void Long_texts_are_cut_between_characters()
    {
        var path = "/" + string.Concat(Enumerable.Repeat("漢", 1000));
        using var entry = EndpointEntry.Create(PatternKind.Receiver, bound: true, $"unix://{path}", directory: _directory);

        var info = Assert.Single(EndpointRegistry.Read(_directory).Endpoints);

        Assert.True(info.IsAddressCut);
        Assert.Equal($"unix://{path[..(1 + ((EndpointLayout.TextSize - 8) / 3))]}", info.Address);
        Assert.Null(EndpointRegistry.FindHolder($"unix://{path}", _directory));
    }

    [Fact]
    public void A_brokers_password_is_not_published()
    {
        using var entry = EndpointEntry.Create(PatternKind.Sender, bound: false, "amqp://user:secret@host/?name=n", directory: _directory);

        Assert.Equal("amqp://user:***@host/?name=n", Assert.Single(EndpointRegistry.Read(_directory).Endpoints).Address);
    }

    [Fact]
    public async Task An_entry_that_moves_is_always_listed_at_one_of_its_addresses()
    {
        string[] places = ["unix://a", "tcp://somewhere.example:5242", "unix://" + new string('b', 100)];
        using var entry = EndpointEntry.Create(PatternKind.Sender, bound: false, places[0], directory: _directory);
        using CancellationTokenSource over = new();
        var moving = Task.Run(() =>
        {
            for (var i = 0; !over.IsCancellationRequested; i++)
            {
                entry.MoveTo(places[i % 3]);

                // A reader never sees an entry at rest that changes without a pause.
                Thread.SpinWait(5_000);
            }
        });
        for (var i = 0; i < 500; i++)
        {
            Assert.Contains(Assert.Single(EndpointRegistry.Read(_directory).Endpoints).Address, places);
        }

        await over.CancelAsync();
        await moving;
        entry.MoveTo("unix://" + new string('é', 2000));
        Assert.True(Assert.Single(EndpointRegistry.Read(_directory).Endpoints).IsAddressCut);
        entry.MoveTo(places[1]);
        var last = Assert.Single(EndpointRegistry.Read(_directory).Endpoints);
        Assert.Equal((places[1], false), (last.Address, last.IsAddressCut));
    }

    private sealed class FixedClock(DateTimeOffset now) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => now;
    }
}
