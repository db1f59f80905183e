using Fairlead.Logs.Storage;

namespace Fairlead.Tests.Logs;

/// <summary>Which folders a log takes, and which files in its folder it takes for its own.</summary>
public sealed class LogFolderTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    private string Folder => _directory["orders"];

    private string Address => $"log://{Folder}?segment=64KiB";

    public void Dispose() => _directory.Dispose();

    [Theory]
    [InlineData("thesis.tex~")]
    [InlineData("notes~1.txt")]
    [InlineData("~")]
    [InlineData("control~")]
    [InlineData("control~backup")]
    [InlineData("control~0123456789ABCDEF0123456789ABCDEF")]
    [InlineData("000000000001.segment~1")]
    [InlineData("1.segment~")]
    [InlineData("000000000000.segment~")]
    public void A_folder_with_a_file_of_the_user_is_refused_and_left_as_it_is(string name)
    {
        Directory.CreateDirectory(Folder);
        File.WriteAllText($"{Folder}/{name}", "mine");

        var error = Assert.Throws<FairleadException>(() => MappedLog.Open(Address));

        Assert.Equal(ErrorCode.AlreadyExists, error.Code);
        Assert.Equal([$"{Folder}/{name}"], Directory.GetFileSystemEntries(Folder));
    }

    [Fact]
    public void What_the_user_puts_into_the_folder_of_a_log_stays_there()
    {
        string[] mine = ["thesis.tex~", "notes~1.txt", "control~backup", "000000000001.segment~1"];
        using (var log = MappedLog.Open(Address))
        {
            log.Append("one"u8);
        }

        foreach (string name in mine)
        {
            File.WriteAllText($"{Folder}/{name}", "mine");
        }

        using (var log = MappedLog.Open(Address))
        {
            Assert.Equal(2, log.Append("two"u8));
        }

        Assert.All(mine, name => Assert.Equal("mine", File.ReadAllText($"{Folder}/{name}")));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void What_a_dead_maker_has_left_is_removed(bool isNew)
    {
        string[] left = ["000000000002.segment~", $"{LogLayout.ControlName}~{Guid.NewGuid():N}"];
        Directory.CreateDirectory(Folder);
        if (!isNew)
        {
            MappedLog.Open(Address).Dispose();
        }

        foreach (string name in left)
        {
            File.WriteAllText($"{Folder}/{name}", "");
        }

        using var log = MappedLog.Open(Address);

        Assert.All(left, name => Assert.False(File.Exists($"{Folder}/{name}"), name));
        Assert.Equal(1, log.Append("one"u8));
    }
}
