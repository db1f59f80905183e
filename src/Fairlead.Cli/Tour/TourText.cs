namespace Fairlead.Cli.Tour;

/// <summary>The built-in text of the tour, a resource of the assembly.</summary>
internal static class TourText
{
    public static byte[] Bytes
    {
        get
        {
            using var stream = typeof(TourText).Assembly.GetManifestResourceStream("tour.txt")!;
            var bytes = new byte[stream.Length];
            stream.ReadExactly(bytes);
            return bytes;
        }
    }
}
