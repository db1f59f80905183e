using System.Globalization;
using System.Text;
using Fairlead.Logs.Storage;
using Fairlead.Patterns.Stores;
using Fairlead.Tests.Logs;

namespace Fairlead.Tests.Patterns;

/// <summary>
/// What a crash of the machine may leave of the store of a work queue: of each page and each file what was synchronized last, or what was
/// there at the crash.
/// </summary>
[FullRun(Reason.Repeats)]
public sealed class StoreImageTests : IDisposable
{
    private const int Page = 4096;

    private static readonly int Images = TestSize.Of(30, full: 200);

    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void Every_image_has_all_items_that_were_synchronized_and_have_not_ended() => RandomSeed.Rounds(Images, random =>
    {
        string folder = _directory[$"store-{Guid.NewGuid():N}"];
        string synced = folder + ".synced";
        string named = folder + ".named";
        Dictionary<string, StoredItem> waiting = [];
        HashSet<string> promised;
        int next = 0;
        string image = folder + ".image";
        using (WorkStore store = Open(folder))
        {
            for (int i = random.Next(4); i >= 0; i--)
            {
                Work(store, random, waiting, ref next);
                store.Sync();
            }

            LogFiles.Copy(folder, synced);
            promised = [.. waiting.Keys];
            Work(store, random, waiting, ref next);
            LogFiles.Copy(folder, named);
            Work(store, random, waiting, ref next);
            promised.IntersectWith(waiting.Keys);
            Crash(synced, named, folder, image, random);
        }

        // What comes after the crash is kept, too, whatever numbers its records have.
        using (WorkStore store = Open(image))
        {
            Assert.Subset(Recovered(store), promised);
            waiting.Clear();
            Work(store, random, waiting, ref next);
            store.Sync();
        }

        using WorkStore last = Open(image);
        promised.UnionWith(waiting.Keys);
        Assert.Subset(Recovered(last), promised);
    });

    private static WorkStore Open(string folder) => WorkStore.Open($"log://{folder}?segment=64KiB");

    private static HashSet<string> Recovered(WorkStore store)
    {
        string[] texts = [.. store.Recovered.Select(static item => Encoding.ASCII.GetString(item.Payload).TrimEnd('.'))];
        Assert.Equal(texts.Length, texts.Distinct().Count());
        Assert.Equal(texts.Select(int.Parse).Order(), texts.Select(int.Parse));
        return [.. texts];
    }

    /// <summary>Items come and end. Few stay long enough to be moved.</summary>
    private static void Work(WorkStore store, Random random, Dictionary<string, StoredItem> waiting, ref int next)
    {
        for (int i = random.Next(300); i > 0; i--)
        {
            string text = (next++).ToString(CultureInfo.InvariantCulture);
            waiting.Add(text, store.Add(Encoding.ASCII.GetBytes(text.PadRight(random.Next(10, 3000), '.'))));
            while (waiting.Count > 0 && random.Next(10) < 7)
            {
                string ended = waiting.Keys.ElementAt(random.Next(waiting.Count));
                store.End(waiting[ended]);
                waiting.Remove(ended);
            }
        }
    }

    private void Crash(string synced, string named, string now, string image, Random random)
    {
        // The names in a folder are those of one moment, as file systems keep the order of their changes. Before a segment gets its name,
        // its header is on the disk; before one is removed, the number of the next one.
        string[] segments = [.. Names(named).Where(static name => name.EndsWith(".segment", StringComparison.Ordinal)).Order()];
        string? oldest = segments[0] == Names(synced).Min(StringComparer.Ordinal) ? null : segments[0];
        foreach (string name in Names(named))
        {
            Directory.CreateDirectory(Path.GetDirectoryName($"{image}/{name}")!);
            byte[]? before = Read($"{synced}/{name}");
            byte[] after = Read($"{now}/{name}") ?? Read($"{named}/{name}")!;
            byte[] bytes = before ?? Made(name, after.Length);
            Assert.Equal(bytes.Length, after.Length);
            for (int at = 0; at < bytes.Length; at += Page)
            {
                if (random.Next(2) == 0 || (at == 0 && name == oldest))
                {
                    after.AsSpan(at, Math.Min(Page, bytes.Length - at)).CopyTo(bytes.AsSpan(at));
                }
            }

            File.WriteAllBytes($"{image}/{name}", bytes);
        }

        LogFiles.Restart(image);

        static byte[]? Read(string path) => File.Exists(path) ? File.ReadAllBytes(path) : null;
    }

    /// <summary>Returns a segment as it was when it got its name.</summary>
    private byte[] Made(string name, int length)
    {
        string path = _directory[Guid.NewGuid().ToString()];
        long ordinal = long.Parse(Path.GetFileNameWithoutExtension(name), CultureInfo.InvariantCulture);
        Assert.True(LogSegment.TryMake(path, ordinal, length, baseNumber: 0));
        return File.ReadAllBytes(path);
    }

    private static IEnumerable<string> Names(string folder) => Directory
        .EnumerateFiles(folder, "*", SearchOption.AllDirectories)
        .Select(path => Path.GetRelativePath(folder, path));
}
