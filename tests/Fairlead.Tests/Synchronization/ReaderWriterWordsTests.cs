using Fairlead.Synchronization.Words;

namespace Fairlead.Tests.Synchronization;

/// <summary>The steps of a reader-writer lock, one at a time.</summary>
public sealed unsafe class ReaderWriterWordsTests : IDisposable
{
    private readonly WordsMemory _memory = new(ReaderWriterLayout.Size);
    private readonly ReaderWriterWords _words;

    public ReaderWriterWordsTests() => _words = new ReaderWriterWords(_memory.Start);

    public void Dispose() => _memory.Dispose();

    [Fact]
    public void Readers_ring_the_doorbell_only_while_a_writer_in_the_gate_waits()
    {
        _words.Ring();
        Assert.Equal((false, 0), (_words.IsWanted, *_words.Doorbell));
        _words.Want();
        _words.Ring();
        Assert.Equal((true, 1), (_words.IsWanted, *_words.Doorbell));
        _words.WantNoMore();
        _words.Ring();
        Assert.Equal((false, 1), (_words.IsWanted, *_words.Doorbell));
    }

    [Theory]
    [InlineData(false, false, false)]
    [InlineData(true, false, true)]
    [InlineData(false, true, true)]
    [InlineData(true, true, true)]
    public void NoteDeath_records_the_death_of_a_writer_and_no_other_death(bool isWriting, bool wasInDoubt, bool isInDoubt)
    {
        _words.IsWriting = isWriting;
        _words.IsInDoubt = wasInDoubt;
        Assert.Equal((isWriting, wasInDoubt), (_words.IsWriting, _words.IsInDoubt));
        _words.NoteDeath();
        Assert.Equal((false, isInDoubt), (_words.IsWriting, _words.IsInDoubt));
    }

    [Fact]
    public void The_owner_of_a_reader_is_recorded_in_its_slot()
    {
        _words.Reader(1).Process = 7;
        Assert.Equal(7u, _memory.At(ReaderWriterLayout.SlotsAt + ReaderWriterLayout.SlotSize + 8 + 8));
        Assert.Equal(ReaderWriterLayout.MostReaders, _words.Slots.Count);
        *_words.Gate.WordPlace = 5;
        Assert.Equal(5u, _memory.At(ReaderWriterLayout.GateAt + MutexLayout.WordAt));
    }
}
