using Fairlead.Synchronization;
using Fairlead.Synchronization.Words;

namespace Fairlead.Tests.Synchronization;

public sealed class NamedReaderWriterLockTests : IDisposable
{
    private readonly string _name = $"rw-{Guid.NewGuid():N}";

    public void Dispose() => NamedReaderWriterLock.Remove(_name);

    [Fact]
    public void The_fields_of_a_reader_writer_lock_are_at_their_documented_offsets()
    {
        Assert.Equal(
            (64, 68, 72, 76, 128),
            (
                ReaderWriterLayout.DoorbellAt,
                ReaderWriterLayout.IsWantedAt,
                ReaderWriterLayout.IsWritingAt,
                ReaderWriterLayout.InDoubtAt,
                ReaderWriterLayout.GateAt));
        Assert.Equal((16_704, 64, 256), (ReaderWriterLayout.SlotsAt, ReaderWriterLayout.SlotSize, ReaderWriterLayout.MostReaders));
        Assert.Equal(33_088L, NamedReaderWriterLock.SizeInRegion);
    }

    [Fact]
    public void NamedLocks_lists_a_reader_writer_lock_with_its_holders()
    {
        using NamedReaderWriterLock under = NamedReaderWriterLock.Open(_name);
        using (under.EnterRead())
        using (under.EnterRead())
        {
            NamedLockInfo found = Found();
            Assert.Equal(("reader-writer lock", "being read", 2, 0), (found.Kind, found.State, found.Holders.Count, found.Waiters.Count));
        }

        using (under.EnterWrite())
        {
            NamedLockInfo found = Found();
            Assert.Equal(("being written", 1, Environment.ProcessId), (found.State, found.Holders.Count, found.Holder?.Peer.ProcessId));
        }

        Assert.Null(Found().State);
    }

    [Fact]
    public void A_reader_that_enters_to_write_throws_Deadlock()
    {
        using NamedReaderWriterLock under = NamedReaderWriterLock.Open(_name, new() { DetectDeadlock = true });
        using (under.EnterRead())
        {
            FairleadException error = Assert.Throws<FairleadException>(() => under.EnterWrite());
            Assert.Equal((ErrorCode.Deadlock, Environment.ProcessId), (error.Code, error.Peer?.ProcessId));
        }

        using (under.EnterWrite())
        {
            Assert.Equal(ErrorCode.Deadlock, Assert.Throws<FairleadException>(() => under.EnterRead()).Code);
        }

        under.EnterWrite().Dispose();
    }

    [Fact]
    public void Another_kind_is_refused_and_Verify_reports_a_removed_reader_writer_lock()
    {
        using NamedReaderWriterLock under = NamedReaderWriterLock.Open(_name);
        Assert.Equal(ErrorCode.Incompatible, Assert.Throws<FairleadException>(() => NamedMutex.Open(_name)).Code);
        under.Verify();
        Assert.True(NamedReaderWriterLock.Remove(_name));
        Assert.Equal(ErrorCode.Corrupt, Assert.Throws<FairleadException>(under.Verify).Code);
    }

    private NamedLockInfo Found() => NamedLocks.List().Single(found => found.Name == _name);
}
