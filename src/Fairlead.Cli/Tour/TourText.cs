namespace Fairlead.Cli.Tour;

/// <summary>The text that a tour sends where it is given none: it lies in the assembly.</summary>
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
