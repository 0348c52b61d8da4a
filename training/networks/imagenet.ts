// What networks that were trained on ImageNet are fed with: RGB in [0, 1], less this mean, over this deviation.
export const IMAGENET_MEAN = [0.485, 0.456, 0.406] as const;
export const IMAGENET_DEVIATION = [0.229, 0.224, 0.225] as const;
