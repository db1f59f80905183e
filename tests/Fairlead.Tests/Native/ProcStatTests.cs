using System.Text;
using Fairlead.Native.Processes;

namespace Fairlead.Tests.Native;

public sealed class ProcStatTests
{
    private const string Rest = " 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 4711 20 21 22\n";

    [Theory]
    [InlineData("sh", 'S')]
    [InlineData("a b", 'R')]
    [InlineData(") R 1 2 (", 'Z')]
    [InlineData("(x)) S 9", 'D')]
    [InlineData("new\nline", 'T')]
    public void The_name_may_hold_anything(string name, char state)
    {
        var stat = Encoding.UTF8.GetBytes($"123 ({name}) {state}{Rest}");
        Assert.Equal(state, ProcStat.State(stat));
        Assert.Equal(4711ul, ProcStat.StartTicks(stat));
        Assert.Equal(6ul, ProcStat.Flags(stat));
    }

    [Theory]
    [InlineData('S', 1, false)]
    [InlineData('Z', 1, true)]
    [InlineData('Z', 2, false)]
    [InlineData('X', 0, true)]
    public void A_process_is_over_with_its_last_thread(char state, int threads, bool isOver) => Assert.Equal(
        isOver, ProcStat.IsOver(Encoding.UTF8.GetBytes($"123 (sh) {state} 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 {threads} 18 4711 20\n")));

    [Theory]
    [InlineData("")]
    [InlineData("123 (sh")]
    [InlineData("123 (sh) ")]
    public void A_malformed_stat_line_is_null(string text)
    {
        Assert.Null(ProcStat.State(Encoding.UTF8.GetBytes(text)));
        Assert.Null(ProcStat.StartTicks(Encoding.UTF8.GetBytes(text)));
    }

    [Fact]
    public void A_short_stat_line_has_no_start_time() => Assert.Null(ProcStat.StartTicks("123 (sh) S 1 2 3"u8));
}
