using Fairlead.Conformance;
using Fairlead.Logs;
using Fairlead.Logs.Storage;

namespace Fairlead.Tests.Logs;

/// <summary>The folders that a log accepts, and the files in its folder that it treats as its own.</summary>
[SlowRun]
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
    public void Files_that_the_user_puts_into_the_folder_of_a_log_stay_there()
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

    [Fact]
    public async Task Several_threads_may_create_a_log_at_the_same_time()
    {
        const int Openers = 4;
        for (int i = 0; i < TestSize.Of(100, full: 2_000); i++)
        {
            string address = $"log://{_directory[$"new-{i}"]}?segment=64KiB";
            using Barrier together = new(Openers);
            await Task.WhenAll(Enumerable.Range(0, Openers).Select(_ => OnThread(() =>
            {
                together.SignalAndWait();
                MappedLog.Open(address).Dispose();
            })));
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Files_that_a_dead_creator_left_are_removed(bool isNew)
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

    [Theory]
    [InlineData("")]
    [InlineData("&keep=64MiB")]
    public void A_folder_that_is_removed_in_use_is_an_error_of_the_log(string options)
    {
        using var log = MappedLog.Open(Address + options);
        using var follower = log.Follow();
        log.Append("one"u8);
        Directory.Delete(Folder, recursive: true);

        byte[] record = new byte[1000];
        Assert.Throws<FairleadException>(() =>
        {
            for (int i = 0; i < 1000; i++)
            {
                log.Append(record);
            }
        });
        Assert.Throws<FairleadException>(() => log.Replay().Count());
        Assert.Throws<FairleadException>(() => log.Follow("billing"));
        Assert.Throws<FairleadException>(() => MappedLog.Open($"log://{Folder}", new LogOptions { Create = false }));
        Assert.Equal(1, follower.Read().Sequence);
        Assert.Equal(0, log.Info().Segments);
    }

    [RootFact]
    public void The_folder_of_another_user_is_refused()
    {
        Directory.CreateDirectory(Folder);
        _directory.GiveAway("orders");

        Assert.Equal(
            $"{Address}: the log {Folder} belongs to uid 65534, while this process runs as uid 0. "
            + "Its owner could read and change the log: choose another path for it, or run as its owner.",
            Refused(() => MappedLog.Open(Address)));
        Assert.Empty(Directory.GetFileSystemEntries(Folder));
    }

    [RootFact]
    public void A_log_that_another_user_has_made_is_neither_appended_to_nor_removed()
    {
        MakeWithPosition();
        string[] names = ["orders", .. Directory.GetFileSystemEntries(Folder).Select(static path => $"orders/{Path.GetFileName(path)}")];
        Array.ForEach(names, _directory.GiveAway);

        Refused(() => MappedLog.Open(Address));
        Refused(() => MappedLog.Remove(Address));
        Assert.All(names, name => Assert.True(Path.Exists(_directory[name])));
    }

    [RootTheory]
    [InlineData(LogLayout.ControlName)]
    [InlineData("000000000001.segment")]
    public void A_file_of_another_user_in_the_folder_is_refused(string name)
    {
        MakeWithPosition();
        _directory.GiveAway($"orders/{name}");

        Assert.Contains($"{Folder}/{name} belongs to uid 65534", Refused(() => Use(MappedLog.Open(Address))), StringComparison.Ordinal);
    }

    [RootTheory]
    [InlineData("positions")]
    [InlineData("positions/billing")]
    public void A_position_of_another_user_is_refused(string name)
    {
        MakeWithPosition();
        _directory.GiveAway($"orders/{name}");
        using var log = MappedLog.Open(Address);

        Refused(() => log.Follow("billing").Dispose());
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Positions_are_not_followed_through_a_symbolic_link(bool exists)
    {
        string elsewhere = _directory["elsewhere"];
        if (exists)
        {
            Directory.CreateDirectory(elsewhere);
        }

        using var log = MappedLog.Open(Address);
        File.CreateSymbolicLink($"{Folder}/{LogLayout.PositionFolder}", elsewhere);

        var error = Assert.Throws<FairleadException>(() => log.Follow("billing").Dispose());

        Assert.Equal(ErrorCode.AlreadyExists, error.Code);
        Assert.Equal(exists, Path.Exists(elsewhere));
        Assert.False(Path.Exists($"{elsewhere}/billing"));
    }

    [Fact]
    public void A_folder_that_cannot_be_listed_is_an_error_of_the_next_append()
    {
        ManualClock clock = new();
        LogOptions options = new() { Sync = LogSync.Interval, SyncInterval = TimeSpan.FromSeconds(5), TimeProvider = clock };
        using var log = MappedLog.Open(Address, options);
        log.Append("one"u8);
        Directory.Move(Folder, _directory["aside"]);
        File.CreateSymbolicLink(Folder, Folder);

        clock.Advance(TimeSpan.FromSeconds(6));

        Assert.Throws<FairleadException>(() => log.Append("two"u8));
        Assert.Throws<FairleadException>(log.Sync);
        File.Delete(Folder);
        Directory.Move(_directory["aside"], Folder);
        clock.Advance(TimeSpan.FromSeconds(6));
        Assert.Equal(2, log.Info().Synced);
    }

    private static void Use(MappedLog log)
    {
        using (log)
        {
            log.Append("two"u8);
        }
    }

    private static string Refused(Action action)
    {
        var error = Assert.Throws<FairleadException>(action);
        Assert.Equal(ErrorCode.PermissionDenied, error.Code);
        return error.Message;
    }

    private void MakeWithPosition()
    {
        using var log = MappedLog.Open(Address);
        log.Append("one"u8);
        using var follower = log.Follow("billing");
        Assert.Equal(1, follower.Read().Sequence);
        follower.Commit();
    }

    private static Task OnThread(Action body) =>
        Task.Factory.StartNew(body, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
}
