using Fairlead.Diagnostics;
using Fairlead.Memory;
using Fairlead.Memory.Backing;
using Fairlead.Memory.Boards.Storage;
using Fairlead.Registry;

namespace Fairlead.Tests.Memory;

/// <summary>
/// Boards that were cut, overwritten, or written by another program: a clear error, and never a crash or a hang. See docs/memory-layout.md
/// for the layout.
/// </summary>
public sealed class BoardDamageTests(ITestOutputHelper output) : IDisposable
{
    private const int Cells = 4;
    private const int Bytes = 4096;
    private const int Head = RegionLayout.HeaderSize;

    private readonly string _name = $"b-{Guid.NewGuid():N}";

    private string FilePath => $"{FairleadDirectory.Runtime}/{NamedRegion.Folder}/{_name}";

    private SharedBoardInfo Listed => Assert.Single(SharedBoard.List(), found => found.Name == _name);

    public void Dispose() => File.Delete(FilePath);

    [Fact]
    public void The_fields_of_a_board_are_at_their_documented_offsets()
    {
        Assert.Equal(
            (0, 16, 24, 28, 32, 64, 64),
            (BoardLayout.HeaderAt, BoardLayout.BytesAt, BoardLayout.CountAt, BoardLayout.SealedAt, BoardLayout.DoorbellAt,
                BoardLayout.HolderSlotsAt, BoardLayout.HolderSlotSize));
        Assert.Equal(
            (0, 8, 16, 20, 22, 32, 128, 256, 32),
            (BoardLayout.EntryOffsetAt, BoardLayout.EntryFingerprintAt, BoardLayout.EntryValueSizeAt, BoardLayout.EntryKeyLengthAt,
                BoardLayout.EntryTypeLengthAt, BoardLayout.EntryKeyAt, BoardLayout.EntryTypeAt, BoardLayout.EntrySize,
                BoardLayout.CellDoorbellAt));
        Assert.Equal((320, 1344L, 5440L), (BoardLayout.EntriesAt(Cells), BoardLayout.CellsAt(Cells), BoardLayout.Size(Cells, Bytes)));
        using SharedBoard board = Make();
        board.Seal();
        byte[] file = File.ReadAllBytes(FilePath);
        Assert.Equal(Head + 5440, file.Length);
        Assert.Equal(((byte)10, Cells), (file[RegionLayout.ContentAt], BitConverter.ToInt32(file, Head)));
        Assert.Equal("FLG\u0001"u8, file.AsSpan(Head + 4, 4));
        Assert.Equal((4096L, 2, 1), (BitConverter.ToInt64(file, Head + 16), BitConverter.ToInt32(file, Head + 24), file[Head + 28]));

        // The slot of the first cell: a keeper, the first writer, and its owner info.
        int slot = Head + 64;
        Assert.NotEqual(0, BitConverter.ToInt32(file, slot));
        Assert.Equal((1, Environment.ProcessId, 1), (BitConverter.ToInt32(file, slot + 4), BitConverter.ToInt32(file, slot + 16),
            BitConverter.ToInt32(file, slot + 20)));
        Assert.Equal(BitConverter.ToInt32(file, slot), BitConverter.ToInt32(file, slot + 32));

        int entry = Head + 320 + 256;
        Assert.Equal(1344L + 320, BitConverter.ToInt64(file, entry));
        Assert.Equal(LayoutFingerprint.Of<int>(), BitConverter.ToUInt64(file, entry + 8));
        Assert.Equal((4, 4, 5), (BitConverter.ToInt32(file, entry + 16), file[entry + 20], file[entry + 22]));
        Assert.Equal("gear"u8, file.AsSpan(entry + 32, 5).TrimEnd((byte)0));
        Assert.Equal("Int32"u8, file.AsSpan(entry + 128, 6).TrimEnd((byte)0));
        Assert.Equal("FLC1"u8, file.AsSpan(Head + 1344 + 320 + 4, 4));
    }

    [Fact]
    public void A_truncated_board_is_corrupt_at_any_length()
    {
        Make().Dispose();
        byte[] whole = File.ReadAllBytes(FilePath);
        for (int length = whole.Length - 1; length >= 0; length -= length > 400 ? 97 : 1)
        {
            File.WriteAllBytes(FilePath, whole[..length]);
            var cut = Assert.Throws<FairleadException>(() => SharedBoard.Open(_name));
            Assert.Equal(length < 8 ? ErrorCode.AlreadyExists : ErrorCode.Corrupt, cut.Code);
            if (length >= Head)
            {
                Assert.Contains("is damaged", Listed.Damage, StringComparison.Ordinal);
            }
        }

        // A file that is shorter than its board, though its header says the same.
        File.Delete(FilePath);
        Make().Dispose();
        byte[] shorter = File.ReadAllBytes(FilePath)[..(Head + 2000)];
        BitConverter.TryWriteBytes(shorter.AsSpan(RegionLayout.SizeAt), 2000L);
        File.WriteAllBytes(FilePath, shorter);
        Assert.Contains("4096 bytes for them, and has 2000 bytes", Refused(ErrorCode.Corrupt), StringComparison.Ordinal);
        BitConverter.TryWriteBytes(shorter.AsSpan(RegionLayout.SizeAt), 20L);
        File.WriteAllBytes(FilePath, shorter[..(Head + 20)]);
        Assert.Contains("is damaged", Refused(ErrorCode.Corrupt), StringComparison.Ordinal);
        Assert.Contains("its file has been cut", Listed.Damage, StringComparison.Ordinal);
    }

    [Fact]
    public void Verify_throws_if_an_open_board_was_truncated()
    {
        using SharedBoard board = Make();
        board.Verify();
        using (var file = new FileStream(FilePath, FileMode.Open))
        {
            file.SetLength(100);
        }

        Assert.Equal(ErrorCode.Corrupt, Assert.Throws<FairleadException>(board.Verify).Code);
        Assert.NotNull(Listed.Damage);
        using (var file = new FileStream(FilePath, FileMode.Open))
        {
            file.SetLength(Head + 5440);
        }
    }

    [Fact]
    public void Another_layout_version_is_incompatible_and_a_broken_header_is_corrupt()
    {
        Make().Dispose();
        Patch(Head + 7, 9);
        Assert.Contains(
            "has layout version 9, and this program knows version 1",
            Refused(ErrorCode.Incompatible),
            StringComparison.Ordinal);
        Assert.Contains("layout version 9", Listed.Damage, StringComparison.Ordinal);
        Patch(Head + 4, 0);
        Assert.Contains("its first bytes are not those of a board", Refused(ErrorCode.Corrupt), StringComparison.Ordinal);
        Patch(RegionLayout.ContentAt, 77);
        Assert.Contains("holds content of kind 77, but a board was requested", Refused(ErrorCode.Incompatible), StringComparison.Ordinal);
        Assert.DoesNotContain(SharedBoard.List(), found => found.Name == _name);
        File.WriteAllText(FilePath, "another program's notes");
        _ = Refused(ErrorCode.AlreadyExists);
        Assert.Equal(ErrorCode.AlreadyExists, Assert.Throws<FairleadException>(() => SharedBoard.Remove(_name)).Code);
    }

    [Theory]
    [InlineData(Head, 0, "tells of 0 cells")]
    [InlineData(Head + 2, 200, "tells of 13107204 cells")]
    [InlineData(Head + 16 + 5, 1, "and 1099511631872 bytes for them")]
    [InlineData(Head + 16 + 7, 128, "and -9223372036854771712 bytes for them")]
    public void A_header_that_contradicts_itself_is_corrupt(int at, byte value, string text)
    {
        Make().Dispose();
        Patch(at, value);
        Assert.Contains(text, Refused(ErrorCode.Corrupt), StringComparison.Ordinal);
        Assert.Contains(text, Listed.Damage, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(Head + 24, 200, "tells of 200 cells of 4")]
    [InlineData(Head + 24, 3, "of cell 2 it tells of values of 0 bytes")]
    [InlineData(Head + 320 + 1, 0, "of cell 0 it tells of a cell of 16 bytes at 64")]
    [InlineData(Head + 320 + 0, 1, "of cell 0 it tells of a cell of 16 bytes at 1281")]
    [InlineData(Head + 320 + 3, 1, "of cell 0 it tells of a cell of 16 bytes at 16778560")]
    [InlineData(Head + 320 + 7, 255, "of cell 0 it tells of a cell of 16 bytes at -")]
    [InlineData(Head + 320 + 18, 255, "of cell 0 it tells of a cell of 16711696 bytes")]
    [InlineData(Head + 320 + 19, 255, "of cell 0 it tells of values of 4278190096 bytes")]
    [InlineData(Head + 320 + 20, 200, "of cell 0 its texts are damaged")]
    [InlineData(Head + 320 + 20, 0, "of cell 0 its texts are damaged")]
    [InlineData(Head + 320 + 23, 2, "of cell 0 its texts are damaged")]
    [InlineData(Head + 320 + 32, 255, "of cell 0 its texts are damaged")]
    [InlineData(Head + 320 + 33, 27, "of cell 0 its texts are damaged")]
    public void An_entry_with_an_invalid_field_is_corrupt(int at, byte value, string text)
    {
        Make().Dispose();
        Patch(at, value);
        using SharedBoard board = SharedBoard.Open(_name);
        foreach (Action use in (Action[])
            [() => board.Read<int>("gear"), () => board.Cell<int>("new"), () => _ = board.Cells, () => board.Watch()])
        {
            var found = Assert.Throws<FairleadException>(use);
            Assert.Equal(ErrorCode.Corrupt, found.Code);
            Assert.Contains(text, found.Message, StringComparison.Ordinal);
        }

        Assert.Contains(text, Listed.Damage, StringComparison.Ordinal);
    }

    [Fact]
    public void Two_entries_of_one_key_are_corrupt()
    {
        using (SharedBoard board = Make())
        {
            _ = board.Cell<int>("gear2");
        }

        // "gear2" becomes "gear".
        Patch(Head + 320 + 512 + 20, 4);
        using SharedBoard again = SharedBoard.Open(_name);
        Assert.Contains(
            "'gear' stands there twice",
            Assert.Throws<FairleadException>(() => again.Read<int>("speed")).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void Contradictory_counters_of_a_cell_are_corrupt_and_block_no_call()
    {
        using SharedBoard board = Make();
        int cell = Head + 1344 + 320;
        Patch(cell + CellLayout.BegunAt, 200);
        Assert.Equal(ErrorCode.Corrupt, Assert.Throws<FairleadException>(() => board.Read<int>("gear")).Code);
        Assert.Equal(ErrorCode.Corrupt, Assert.Throws<FairleadException>(() => board.Cell<int>("gear").Read()).Code);
        board.Cell<int>("gear").Write(5);
        Assert.Equal(5, board.Read<int>("gear"));

        Patch(cell, 99);
        using SharedBoard other = SharedBoard.Open(_name);
        Assert.Contains(
            "has values of 99 bytes",
            Assert.Throws<FairleadException>(() => other.Read<int>("gear")).Message,
            StringComparison.Ordinal);
        Patch(cell + 4, 99);
        Assert.Equal(ErrorCode.Corrupt, Assert.Throws<FairleadException>(() => other.Read<int>("gear")).Code);
    }

    [Fact]
    public void A_slot_of_an_unknown_owner_can_be_taken_over_and_its_old_writer_does_no_harm()
    {
        using SharedBoard board = Make();
        BoardWriter<int> writer = board.Write<int>("fuel");
        foreach (byte[] word in (byte[][])[[255, 255, 255, 63], [255, 255, 255, 127], [254, 255, 255, 63], [0, 0, 0, 64]])
        {
            Patch(Head + 64 + 128, word);
            using var other = SharedBoard.Open(_name);
            other.Cell<int>("fuel").Write(1);
            Assert.Equal(Environment.ProcessId, other.Cell<int>("fuel").Writer?.Peer.ProcessId);
            writer.Write(2);
        }

        Patch(Head + 64 + 128, [0, 0, 0, 0]);
        writer.Dispose();
        using BoardWriter<int> next = board.Write<int>("fuel");
        next.Write(3);
        Assert.Equal(3, board.Read<int>("fuel"));
    }

    [OrdinaryUserFact]
    public void A_file_that_may_not_be_opened_is_named()
    {
        Make().Dispose();
        File.SetUnixFileMode(FilePath, UnixFileMode.None);
        Assert.Contains($"the board '{_name}'", Refused(ErrorCode.PermissionDenied), StringComparison.Ordinal);
        Assert.DoesNotContain(SharedBoard.List(), found => found.Name == _name);
    }

    [Fact]
    public void Only_its_user_can_read_and_write_a_board()
    {
        using (Make())
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(FilePath));
            Assert.Equal(
                UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute,
                File.GetUnixFileMode($"{FairleadDirectory.Runtime}/{NamedRegion.Folder}"));
        }
    }

    /// <summary>Whatever the contents: each call ends, with a value or an error of Fairlead.</summary>
    [Fact]
    public void Garbage_ends_no_process_and_holds_up_no_call()
    {
        int errors = 0, values = 0;
        RandomSeed.Rounds(300, random =>
        {
            using (SharedBoard live = Make())
            {
                BoardCell<int> cell = live.Cell<int>("gear");
                BoardWriter<long> writer = live.Write<long>("fuel");
                BoardWatch watch = live.Watch();
                Scribble(random);
                foreach (Action use in (Action[])
                    [() => cell.Read(), () => cell.Write(1), () => _ = cell.Writer, () => writer.Write(1), () => live.Read<int>("gear"),
                        () => live.Cell<long>("new").Write(1), () => watch.TryWait(TimeSpan.Zero, out _),
                        () => cell.TryWaitForChange(TimeSpan.FromMilliseconds(1)), () => _ = live.Cells, () => live.Seal()])
                {
                    Try(use);
                }
            }

            Try(() => Read(SharedBoard.Open(_name)));
            Try(() => _ = SharedBoard.List());
            File.Delete(FilePath);
        });
        output.WriteLine($"{values} calls went well, {errors} found an error");

        void Try(Action use)
        {
            try
            {
                use();
                values++;
            }
            catch (FairleadException)
            {
                errors++;
            }
        }

        static void Read(SharedBoard board)
        {
            using (board)
            {
                foreach (BoardCellInfo cell in board.Cells)
                {
                    _ = cell.Writer?.ToString();
                }

                board.Cell<int>("gear").Write(board.Read<int>("gear"));
            }
        }
    }

    private SharedBoard Make()
    {
        var board = SharedBoard.Open(_name, new SharedBoardOptions { MaxCells = Cells, MaxBytes = Bytes });
        board.Cell<(long, long)>("speed").Write((1, 2));
        board.Cell<int>("gear").Write(3);
        return board;
    }

    private string Refused(ErrorCode code)
    {
        var refused = Assert.Throws<FairleadException>(() => SharedBoard.Open(_name));
        Assert.Equal(code, refused.Code);
        return refused.Message;
    }

    private void Scribble(Random random)
    {
        int times = random.Next(1, 20);
        for (int i = 0; i < times; i++)
        {
            byte[] bytes = new byte[random.Next(1, 64)];
            random.NextBytes(bytes);
            Patch(random.Next(Head + 5440 - bytes.Length), bytes);
        }
    }

    private void Patch(int at, params byte[] bytes)
    {
        using var file = new FileStream(FilePath, FileMode.Open, FileAccess.Write, FileShare.ReadWrite);
        file.Position = at;
        file.Write(bytes);
    }
}
