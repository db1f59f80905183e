using Fairlead.TestPeer;

namespace Fairlead.Tests.Memory;

public sealed class SharedBoardTests : IDisposable
{
    private static readonly TimeSpan Watchdog = TimeSpan.FromMinutes(1);

    private readonly string _name = $"b-{Guid.NewGuid():N}";

    public void Dispose() => SharedBoard.Remove(_name);

    [Fact]
    public void The_newest_value_of_each_cell_is_read()
    {
        using var board = SharedBoard.Open(_name);
        Assert.True(board.IsNew);
        using (BoardWriter<Speed> speed = board.Write<Speed>("speed"))
        {
            speed.Write(new Speed(1.5, 7));
            speed.Value = new Speed(2.5, 8);
            Assert.Equal(new Speed(2.5, 8), speed.Value);
        }

        using var other = SharedBoard.Open(_name);
        Assert.False(other.IsNew);
        other.Cell<int>("gear").Write(3);
        Assert.Equal(new Speed(2.5, 8), other.Read<Speed>("speed"));
        Assert.Equal((2L, 1L), (board.Cell<Speed>("speed").Version, board.Cell<int>("gear").Version));
        Assert.Equal(3, board.Read<int>("gear"));
        Assert.Equal(["speed", "gear"], board.Cells.Select(cell => cell.Key));
    }

    [Fact]
    public async Task A_change_ends_a_wait()
    {
        using var board = SharedBoard.Open(_name);
        using var writer = SharedBoard.Open(_name);
        BoardCell<int> cell = board.Cell<int>("gear");
        ValueTask<BoardChange> changed = cell.ChangedAsync(Watchdog);
        Assert.False(changed.IsCompleted);
        writer.Cell<int>("gear").Write(1);
        Assert.Equal(new BoardChange("gear", 1, WriterDied: false), await changed);
        Assert.False(cell.TryWaitForChange(TimeSpan.Zero));
    }

    private readonly record struct Speed(double MetersPerSecond, long Time);
}
